"""Faults of keys, signatures and the cryptographic self-test."""

from federation.errors import Fault

__all__ = [
    "CipherRefused",
    "EnvelopeMalformed",
    "KeyDamaged",
    "KeyExposed",
    "KeyMissing",
    "KeyOfAnotherCurve",
    "KeyUnreadable",
    "KeyUnwritable",
    "SelfTestFailed",
    "SignatureWrong",
    "SignerUntrusted",
]


class SelfTestFailed(Fault):
    """An algorithm did not give what its standard says."""

    code = "crypto.selftest-failed"
    http = 500
    zh = "国密算法自检未通过：{failed}。为保护数据，程序不启动。"
    en = "The cryptographic self-test failed: {failed}. The program does not start, for safety."
    next_zh = (
        "请在干净的环境中重新安装 cryptography、tongsuopy、gmssl-pyx、gmalg,"
        "再运行 scenarist doctor。"
    )
    next_en = (
        "Reinstall cryptography, tongsuopy, gmssl-pyx and gmalg in a clean environment, "
        "then run scenarist doctor."
    )


class KeyMissing(Fault):
    """A key that must exist already is not in the store."""

    code = "crypto.key-missing"
    http = 500
    zh = "密钥库里没有密钥“{key}”。"
    en = "The key store holds no key “{key}”."
    next_zh = "请从密钥备份恢复该文件；不要新建，否则以前的签名无法对应。"
    next_en = "Restore the file from the key backup; a new key would not match earlier signatures."


class KeyExposed(Fault):
    """Other users of the machine can read a key file."""

    code = "crypto.key-exposed"
    http = 500
    zh = "密钥文件 {file} 的权限是 {mode}，其他用户可能读到它。"
    en = "The key file {file} has mode {mode}: other users may read it."
    next_zh = "请运行 chmod 600 {file}；若机器上有其他用户，请更换该密钥。"
    next_en = "Run chmod 600 {file}; if others use this machine, replace the key."


class KeyDamaged(Fault):
    """A key file does not hold a key."""

    code = "crypto.key-damaged"
    http = 500
    zh = "密钥文件 {file} 无法识别：它不是完整的 PKCS#8 PEM 私钥或密钥文本。"
    en = "The key file {file} cannot be read: it is no whole PKCS#8 PEM private key or secret."
    next_zh = "请从密钥备份恢复该文件，原文件未被改动。"
    next_en = "Restore the file from the key backup; it was not changed."


class KeyOfAnotherCurve(Fault):
    """A private key is not an SM2 key."""

    code = "crypto.key-of-another-curve"
    http = 500
    zh = "密钥文件 {file} 里的不是 SM2 密钥。"
    en = "The key in the file {file} is not an SM2 key."
    next_zh = "请换成 SM2 密钥，例如用 openssl genpkey -algorithm SM2 生成。"
    next_en = "Put an SM2 key there, for example one made by openssl genpkey -algorithm SM2."


class KeyUnreadable(Fault):
    """The operating system does not let us read a key file."""

    code = "crypto.key-unreadable"
    http = 500
    zh = "读不到密钥文件 {file}。"
    en = "The key file {file} cannot be opened."
    next_zh = "请让运行本程序的用户成为该文件的所有者。"
    next_en = "Make the user that runs this program the owner of the file."


class KeyUnwritable(Fault):
    """A new key cannot be put into the store."""

    code = "crypto.key-unwritable"
    http = 500
    zh = "密钥文件 {file} 无法写入密钥库。"
    en = "The key file {file} cannot be written into the key store."
    next_zh = "请检查密钥文件夹是否存在、可写，磁盘是否已满。"
    next_en = "Check that the key folder exists, can be written, and that its disk is not full."


class CipherRefused(Fault):
    """A sealed text was changed, or was sealed with another key."""

    code = "crypto.cipher-refused"
    http = 400
    zh = "密文校验未通过：内容被改动，或密钥不对。"
    en = "The encrypted content does not check: it was changed, or the key is another one."
    next_zh = "请从原处重新取得该内容，或恢复加密时所用的密钥。"
    next_en = "Fetch the content again from its origin, or restore the key that encrypted it."


class EnvelopeMalformed(Fault):
    """A signed document lacks one of its parts."""

    code = "crypto.envelope-malformed"
    http = 400
    zh = "签名文件不完整：应当有 body、key、sig 三部分。"
    en = "The signed document is not whole: it has the three parts body, key and sig."
    next_zh = "请让对方重新发送。"
    next_en = "Ask the sender to send it again."


class SignerUntrusted(Fault):
    """The signer of a document is on no list of ours."""

    code = "crypto.signer-untrusted"
    http = 403
    zh = "签名者不在信任名单中。"
    en = "The signer is not on the list of trusted signers."
    next_zh = "请核对对方的公钥，经批准后加入信任名单。"
    next_en = "Check the sender's public key and, once approved, add it to the trusted signers."


class SignatureWrong(Fault):
    """A signature does not belong to this content."""

    code = "crypto.signature-wrong"
    http = 403
    zh = "签名与内容不符。"
    en = "The signature does not belong to this content."
    next_zh = "内容可能在途中被改动，请让对方重新发送。"
    next_en = "The content may have been changed on its way; ask the sender to send it again."
