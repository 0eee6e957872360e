"""Faults of taking, checking and restoring backups."""

from federation.errors import Fault

__all__ = [
    "BackupBlocked",
    "BackupDamaged",
    "BackupDiskFull",
    "BackupExists",
    "BackupForeign",
    "BackupIncomplete",
    "BackupMismatch",
    "BackupNewer",
    "BackupOfAnother",
    "BackupPathUnsafe",
    "BackupSwapped",
    "BackupUnreadable",
    "BackupUnsigned",
    "BackupUnwritable",
    "JournalNotAsSaved",
    "PassphraseNeeded",
    "PassphraseUnusable",
    "PassphraseWrong",
    "RestoreTaken",
    "RestoreUnwritable",
]


class BackupExists(Fault):
    """A file of that name is there already."""

    code = "backup.exists"
    http = 409
    zh = "文件 {file} 已经存在，备份不会覆盖它。"
    en = "The file {file} exists already; a backup does not overwrite it."
    next_zh = "请换一个文件名，例如带上日期和时间。"
    next_en = "Choose another name, for example one with date and time."


class BackupDiskFull(Fault):
    """No room for the archive."""

    code = "backup.disk-full"
    http = 507
    zh = "写备份 {file} 时磁盘已满或超出配额，没有留下半份文件。"
    en = "The disk is full, or a quota reached, while {file} was written; no half file is left."
    next_zh = "请腾出空间，或把备份写到另一块磁盘，然后重新备份。"
    next_en = "Free some space or write to another disk, then take the backup again."


class BackupUnwritable(Fault):
    """The archive cannot be written where it was wanted."""

    code = "backup.unwritable"
    http = 500
    zh = "无法写备份 {file}:{problem}。"
    en = "The backup {file} cannot be written: {problem}."
    next_zh = "请检查文件夹是否存在、本程序的用户是否可写、磁盘是否正常。"
    next_en = "Check that its folder exists, that this user may write there, and the disk."


class BackupBlocked(Fault):
    """A file of the city's folder cannot be read, so the backup would lack it."""

    code = "backup.file-unreadable"
    http = 500
    zh = "备份需要的文件 {file} 无法读取：{problem}。"
    en = "The file {file}, which belongs into the backup, cannot be read: {problem}."
    next_zh = "请让运行本命令的用户对它有读权限，再重新备份。"
    next_en = "Let the user that runs this command read it, then take the backup again."


class BackupUnreadable(Fault):
    """The operating system does not let us read the archive."""

    code = "backup.unreadable"
    http = 400
    zh = "无法读取备份文件 {file}:{problem}。"
    en = "The backup file {file} cannot be read: {problem}."
    next_zh = "请检查路径、权限和所在的磁盘。"
    next_en = "Check the path, its permission and the disk it lies on."


class BackupForeign(Fault):
    """The file is no backup of ours."""

    code = "backup.foreign"
    http = 400
    zh = "文件 {file} 不是场景师写的备份，或者开头已经损坏。"
    en = "The file {file} is no backup written by Scenarist, or its beginning is damaged."
    next_zh = "请核对文件名；若文件无误，请改用另一份拷贝。"
    next_en = "Check the name; if the file is the right one, take another copy of it."


class BackupIncomplete(Fault):
    """The archive breaks off."""

    code = "backup.incomplete"
    http = 422
    zh = "备份文件 {file} 不完整：在结束之前就断了。"
    en = "The backup file {file} is not whole: it breaks off before its end."
    next_zh = "请重新传送该文件，或改用另一份拷贝；这一份不会被恢复。"
    next_en = "Transfer it again or take another copy; nothing is restored from this one."


class BackupDamaged(Fault):
    """A byte of the archive is not as it was written."""

    code = "backup.damaged"
    http = 422
    zh = "备份文件 {file} 已损坏或被改动（{place}）。"
    en = "The backup file {file} is damaged or was changed ({place})."
    next_zh = "请改用另一份拷贝或另一天的备份；这一份不会被恢复。"
    next_en = "Take another copy or another day's backup; nothing is restored from this one."


class BackupMismatch(Fault):
    """The list of contents and the contents are not the same."""

    code = "backup.mismatch"
    http = 422
    zh = "备份文件 {file} 的清单与内容不符：{member}。"
    en = "In the backup file {file} the list of contents and the contents differ: {member}."
    next_zh = "请改用另一份拷贝；若各份都如此，文件在写成之后被人改过，请保留备查。"
    next_en = (
        "Take another copy; if all are like this, it was changed after it was written: "
        "keep it as evidence."
    )


class BackupUnsigned(Fault):
    """The signature does not belong to the list of contents."""

    code = "backup.unsigned"
    http = 422
    zh = "备份文件 {file} 的清单签名不成立。"
    en = "The signature on the list of contents of {file} does not hold."
    next_zh = "清单在签名之后被改动。请改用另一份拷贝，并保留这一份备查。"
    next_en = "The list was changed after it was signed. Take another copy; keep this as evidence."


class BackupSwapped(Fault):
    """A whole and signed archive, but not the one whose hash was written down."""

    code = "backup.swapped"
    http = 409
    zh = "备份文件 {file} 的清单哈希是 {found}，与记下的 {expected} 不同。"
    en = "The hash of the list of contents of {file} is {found}, not {expected} as written down."
    next_zh = "这不是当时记下的那一份。请核对文件和记录；若有人换过文件，请按安全事件处理。"
    next_en = (
        "This is another backup than the one written down. Check file and record; "
        "if somebody exchanged the file, treat it as a security incident."
    )


class BackupNewer(Fault):
    """A later release wrote the archive."""

    code = "backup.newer-format"
    http = 422
    zh = "备份文件 {file} 由更新的版本写成（{found}），本程序认识的是 {known}。"
    en = "The backup file {file} was written by a later release ({found}); this one knows {known}."
    next_zh = "请安装写出它的那个版本（或更新的版本）再恢复。"
    next_en = "Install the release that wrote it, or a later one, and restore with that."


class BackupOfAnother(Fault):
    """The archive holds another kind of thing."""

    code = "backup.of-another-kind"
    http = 400
    zh = "备份文件 {file} 里是“{found}”的备份，这条命令恢复的是“{wanted}”。"
    en = "The file {file} is a backup of a {found}; this command restores a {wanted}."
    next_zh = "城市用 scenarist restore，单个节点用 scenarist-node restore。"
    next_en = "A city is restored by scenarist restore, a single node by scenarist-node restore."


class BackupPathUnsafe(Fault):
    """A name in the archive leads out of the folder to be restored."""

    code = "backup.path-unsafe"
    http = 422
    zh = "备份文件 {file} 里的名称 {member} 指向恢复目录之外。"
    en = "The name {member} in the backup file {file} leads out of the folder to be restored."
    next_zh = "本程序不会写出这样的备份。请保留该文件备查，改用来源可靠的一份。"
    next_en = "No backup of ours holds such a name. Keep it as evidence and take a trusted copy."


class PassphraseNeeded(Fault):
    """The archive is encrypted and no passphrase was given."""

    code = "backup.passphrase-needed"
    http = 400
    zh = "备份文件 {file} 已加密。"
    en = "The backup file {file} is encrypted."
    next_zh = "请用 --passphrase-file 给出备份时所用的口令文件。"
    next_en = "Give the file with the passphrase it was taken with: --passphrase-file."


class PassphraseWrong(Fault):
    """The passphrase does not open the archive."""

    code = "backup.passphrase-wrong"
    http = 400
    zh = "口令打不开备份文件 {file}：口令不对，或文件开头已经损坏。"
    en = "The passphrase does not open {file}: it is wrong, or the file's beginning is damaged."
    next_zh = "请核对口令；确信口令无误时，改用另一份拷贝。没有口令，内容无法恢复。"
    next_en = (
        "Check the passphrase; when it is certainly right, take another copy. "
        "Without it the content cannot be recovered."
    )


class PassphraseUnusable(Fault):
    """The passphrase file does not hold a passphrase."""

    code = "backup.passphrase-unusable"
    http = 400
    zh = "口令文件 {file} 不能用：{problem}。"
    en = "The passphrase file {file} cannot be used: {problem}."
    next_zh = "请放入至少 {least} 个字节的口令，一行，并执行 chmod 600。"
    next_en = "Put a passphrase of at least {least} bytes there, on one line, and chmod 600 it."


class RestoreTaken(Fault):
    """The folder to restore into holds something."""

    code = "backup.folder-taken"
    http = 409
    zh = "目录 {folder} 不是空的，不能恢复到里面。"
    en = "The folder {folder} is not empty; nothing is restored into it."
    next_zh = "请另指定一个不存在或空的目录；原目录不会被改动。"
    next_en = "Name a folder that does not exist or is empty; this one is left as it is."


class RestoreUnwritable(Fault):
    """The folder to restore into cannot be written."""

    code = "backup.folder-unwritable"
    http = 500
    zh = "无法在 {folder} 恢复：{problem}。没有留下半份内容。"
    en = "Nothing can be restored at {folder}: {problem}. No half of it is left."
    next_zh = "请检查磁盘空间和权限，然后重新恢复。"
    next_en = "Check disk space and permission, then restore again."


class JournalNotAsSaved(Fault):
    """A journal that came back is not the one that was saved."""

    code = "backup.journal-differs"
    http = 500
    zh = "恢复出的日志“{journal}”与备份时不一致：{problem}。"
    en = "The restored journal “{journal}” is not as it was saved: {problem}."
    next_zh = (
        "请先用另一份备份。若日志在备份之前就已损坏，可加 --keep-broken 恢复，"
        "再用 scenarist audit verify 查看。"
    )
    next_en = (
        "Try another backup first. If the journal was broken before it was saved, restore with "
        "--keep-broken and look at it with scenarist audit verify."
    )
