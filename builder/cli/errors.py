"""Faults of the command line."""

from builder.errors import Fault

__all__ = ["FileUnreadable", "FolderUnwritable", "PortTaken", "ProgramFailed"]


class PortTaken(Fault):
    """Something else listens there."""

    code = "cli.port-taken"
    http = 500
    zh = "端口 {port} 已被占用。"
    en = "Port {port} is in use."
    next_zh = "请停止占用它的程序,或用 --port 指定另一个端口。"
    next_en = "Stop the program that uses it, or name another port with --port."


class FileUnreadable(Fault):
    """A file named on the command line that cannot be read."""

    code = "cli.file-unreadable"
    http = 400
    zh = "无法读取文件 {file}:{problem}。"
    en = "The file {file} cannot be read: {problem}."
    next_zh = "请检查路径、权限和内容(UTF-8 编码的 JSON)。"
    next_en = "Check the path, the permission and the content (JSON in UTF-8)."


class FolderUnwritable(Fault):
    """A folder named on the command line that cannot be written."""

    code = "cli.folder-unwritable"
    http = 400
    zh = "无法写入目录 {folder}:{problem}。"
    en = "The folder {folder} cannot be written: {problem}."
    next_zh = "请指定一个可写的目录,或检查磁盘空间和权限。"
    next_en = "Name a folder that can be written, or check disk space and permission."


class ProgramFailed(Fault):
    """One of the city's programs did not start."""

    code = "cli.program-failed"
    http = 500
    zh = "程序“{program}”没有启动成功。"
    en = "The program “{program}” did not start."
    next_zh = "原因在城市目录的 {log} 末尾;也可以先运行 scenarist doctor 逐项检查。"
    next_en = (
        "The reason stands at the end of {log} in the city's folder; scenarist doctor checks all."
    )
