"""Faults of settings and of the hub's own stores."""

from builder.errors import Fault

__all__ = [
    "CityFileUnreadable",
    "HomeUnusable",
    "SecretLost",
    "SecretOpen",
    "SettingUnknown",
    "SettingWrong",
    "SettingsMissing",
    "SettingsUnreadable",
    "StoreEmptied",
]


class SettingsMissing(Fault):
    """No settings file in the home folder."""

    code = "settings.missing"
    http = 500
    zh = "在 {folder} 没有找到城市设置文件 scenarist.toml。"
    en = "There is no settings file scenarist.toml in {folder}."
    next_zh = "先运行 scenarist demo 建好演示城市，或用 --home 指向已有的城市目录。"
    next_en = "Run scenarist demo to build the demo city, or point --home to an existing city."


class SettingsUnreadable(Fault):
    """The settings file is not TOML."""

    code = "settings.unreadable"
    http = 500
    zh = "设置文件第 {line} 行无法识别。"
    en = "Line {line} of the settings file cannot be read as TOML."
    next_zh = "请按 TOML 格式修改该行，或恢复备份。"
    next_en = "Correct that line to valid TOML, or restore a backup."


class SettingUnknown(Fault):
    """A key that no setting has."""

    code = "settings.unknown"
    http = 500
    zh = "设置项“{key}”不存在，最接近的是“{nearest}”。"
    en = "There is no setting “{key}”; the nearest is “{nearest}”."
    next_zh = "请改正名称或删除该项。"
    next_en = "Correct the name or remove the line."


class SettingWrong(Fault):
    """A value of the wrong kind."""

    code = "settings.wrong"
    http = 500
    zh = "设置项“{key}”的值应为：{expected}。"
    en = "The setting “{key}” must be: {expected}."
    next_zh = "请修改后重新启动；原文件未被改动。"
    next_en = "Correct it and start again; the file was not changed."


class HomeUnusable(Fault):
    """A folder that cannot become a city."""

    code = "settings.home-unusable"
    http = 500
    zh = "目录 {folder} 不能用来建城市：里面已有别的内容，或者不可写。"
    en = "The folder {folder} cannot become a city: it holds something else, or cannot be written."
    next_zh = "请用 --home 指定一个空目录；要重建已有的演示城市，加 --fresh。"
    next_en = "Name an empty folder with --home; to rebuild a demo city that is there, add --fresh."


class CityFileUnreadable(Fault):
    """A file that the city was built with is missing or is not what it should be."""

    code = "settings.file-unreadable"
    http = 500
    zh = "城市目录里的文件 {file} 不存在，或者内容不对。"
    en = "The file {file} in the city's folder is missing, or is not what it should be."
    next_zh = "请从备份恢复这个文件；演示城市可以用 scenarist demo --fresh 重建。"
    next_en = "Restore it from a backup; a demo city can be rebuilt: scenarist demo --fresh."


class StoreEmptied(Fault):
    """A store that has forgotten everything: it must not be begun anew without a word."""

    code = "settings.store-emptied"
    http = 500
    zh = "数据库 {store} 是空的，或者是别的程序的：这座城市原来的记录不在里面。"
    en = "The database {store} is empty or another program's: this city's records are not in it."
    next_zh = "请从备份恢复这个文件；演示城市可以用 scenarist demo --fresh 重建。"
    next_en = "Restore it from a backup; a demo city can be rebuilt: scenarist demo --fresh."


class SecretLost(Fault):
    """A secret that does not lie where the settings say."""

    code = "settings.secret-missing"
    http = 500
    zh = "设置引用的密钥 {place} 不存在，或者是空的。"
    en = "The secret that the settings refer to, {place}, is missing or empty."
    next_zh = "请放好文件（chmod 600）或设好环境变量，然后重新启动。"
    next_en = "Put the file in its place (chmod 600) or set the variable, then start again."


class SecretOpen(Fault):
    """A file with a secret that other users of the machine may read."""

    code = "settings.secret-open"
    http = 500
    zh = "密钥文件 {place} 别的用户也能读。"
    en = "Other users may read the file {place}, which holds a secret."
    next_zh = "请运行 chmod 600 改好权限，再重新启动；并换一个新的密钥。"
    next_en = "Set its mode with chmod 600 and start again; replace the secret as well."
