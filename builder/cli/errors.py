"""Faults of the command line."""

from builder.errors import Fault

__all__ = [
    "AccountNameWrong",
    "CertificateOld",
    "CityRunning",
    "ClockApart",
    "CountyNeeded",
    "EmailWrong",
    "FileUnreadable",
    "FilesMissing",
    "FolderUnwritable",
    "PartyNeeded",
    "PartyNotKnown",
    "PortTaken",
    "ProgramFailed",
    "RoleNotKnown",
    "StoreUnsound",
]


class PortTaken(Fault):
    """Something else listens there."""

    code = "cli.port-taken"
    http = 500
    zh = "端口 {port} 已被占用。"
    en = "Port {port} is in use."
    next_zh = "请停止占用它的程序，或用 --port 指定另一个端口。"
    next_en = "Stop the program that uses it, or name another port with --port."


class FileUnreadable(Fault):
    """A file named on the command line that cannot be read."""

    code = "cli.file-unreadable"
    http = 400
    zh = "无法读取文件 {file}:{problem}。"
    en = "The file {file} cannot be read: {problem}."
    next_zh = "请检查路径、权限和内容（UTF-8 编码的 JSON）。"
    next_en = "Check the path, the permission and the content (JSON in UTF-8)."


class FilesMissing(Fault):
    """Files that rows speak of and that are not in their folder, or were cut."""

    code = "cli.files-missing"
    http = 500
    zh = "“{deployment}”有 {count} 个上传的文件不在，或者不完整。"
    en = "{count} uploaded files of “{deployment}” are missing or incomplete."
    next_zh = "请从备份恢复目录 deployments/{deployment}/uploads；文件名就是内容的 SM3。"
    next_en = (
        "Restore deployments/{deployment}/uploads from a backup; a file's name is the SM3 of its "
        "content."
    )


class FolderUnwritable(Fault):
    """A folder named on the command line that cannot be written."""

    code = "cli.folder-unwritable"
    http = 400
    zh = "无法写入目录 {folder}:{problem}。"
    en = "The folder {folder} cannot be written: {problem}."
    next_zh = "请指定一个可写的目录，或检查磁盘空间和权限。"
    next_en = "Name a folder that can be written, or check disk space and permission."


class ProgramFailed(Fault):
    """One of the city's programs did not start."""

    code = "cli.program-failed"
    http = 500
    zh = "程序“{program}”没有启动成功。"
    en = "The program “{program}” did not start."
    next_zh = "原因在城市目录的 {log} 末尾；也可以先运行 scenarist doctor 逐项检查。"
    next_en = (
        "The reason stands at the end of {log} in the city's folder; scenarist doctor checks all."
    )


class ClockApart(Fault):
    """Two clocks that should agree do not."""

    code = "cli.clock-apart"
    http = 500
    zh = "“{whose}”的时间比本机快 {seconds} 秒（负数为慢）。"
    en = (
        "The clock of “{whose}” is {seconds} seconds ahead of this machine's (less than 0: behind)."
    )
    next_zh = "请在两边都开启 NTP(timedatectl set-ntp true);相差过大时节点会拒绝请求。"
    next_en = (
        "Turn NTP on at both sides (timedatectl set-ntp true); a node refuses requests of another "
        "time."
    )


class CertificateOld(Fault):
    """A certificate that ends soon."""

    code = "cli.certificate-old"
    http = 500
    zh = "“{file}”的证书将在 {until} 到期。"
    en = "The certificate of “{file}” ends on {until}."
    next_zh = "请在到期前运行 scenarist node renew 换发；到期后双方都会拒绝连接。"
    next_en = "Renew it before that day: scenarist node renew. After it both sides refuse to talk."


class StoreUnsound(Fault):
    """A database with damaged pages."""

    code = "cli.store-unsound"
    http = 500
    zh = "数据库 {store} 有损坏的页。"
    en = "The database {store} has damaged pages."
    next_zh = "请停止服务，用 scenarist restore 从最近的备份恢复，再运行 scenarist audit verify。"
    next_en = (
        "Stop the city, restore the last backup (scenarist restore), then scenarist audit verify."
    )


class CityRunning(Fault):
    """This city's programs run already."""

    code = "cli.city-running"
    http = 409
    zh = "这座城市已经在运行（{programs} 个程序在监听）。"
    en = "This city is running already ({programs} programs listen)."
    next_zh = "请先停止它（在启动它的终端按 Ctrl-C），或用 --home 指定另一座城市。"
    next_en = "Stop it first (Ctrl-C where it was started), or name another city with --home."


class AccountNameWrong(Fault):
    """A sign-in name that nobody could type or that looks like an option."""

    code = "cli.account-name"
    http = 400
    zh = "“{account}”不能作账号名。"
    en = "“{account}” cannot be an account's name."
    next_zh = "请用 2 到 64 个小写字母、数字、点、横线或下划线，以字母或数字开头。"
    next_en = "Use 2 to 64 lower-case letters, digits, dots, hyphens or underscores."


class RoleNotKnown(Fault):
    """A role that neither the house nor a matter knows."""

    code = "cli.role-unknown"
    http = 400
    zh = "没有角色“{role}”，最接近的是：{nearest}。"
    en = "There is no role “{role}”; the nearest are: {nearest}."
    next_zh = "请用已有的角色；事项自己的角色写在它的 scenario.json 里。"
    next_en = "Use a role that exists; a matter's own roles stand in its scenario.json."


class PartyNotKnown(Fault):
    """A department that the city does not have."""

    code = "cli.party-unknown"
    http = 400
    zh = "没有部门“{party}”，最接近的是：{nearest}。"
    en = "There is no department “{party}”; the nearest are: {nearest}."
    next_zh = "请改用上面的部门编号。"
    next_en = "Use one of these ids."


class PartyNeeded(Fault):
    """Somebody who works for the city, without a department."""

    code = "cli.party-needed"
    http = 400
    zh = "账号“{account}”的角色属于一个部门，但没有写部门。"
    en = "The roles of “{account}” belong to a department, and none is named."
    next_zh = "请加 --party 部门编号；只有办事群众没有部门。"
    next_en = "Add --party; only citizens have none."


class CountyNeeded(Fault):
    """A county's administrator without a county."""

    code = "cli.county-needed"
    http = 400
    zh = "县区管理员“{account}”还没有登记县（市、区）。"
    en = "The county administrator “{account}” is bound to no county."
    next_zh = "请加 --county 代码或名称。"
    next_en = "Add --county with a code or a name."


class EmailWrong(Fault):
    """An address that no mail reaches."""

    code = "cli.email"
    http = 400
    zh = "邮箱地址不正确。"
    en = "The e-mail address is not right."
    next_zh = "请按 name@example.gov.cn 的形式填写。"
    next_en = "Write it like name@example.gov.cn."
