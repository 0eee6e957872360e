"""Faults of the way between hub and nodes."""

from federation.errors import Fault

__all__ = [
    "AddressWrong",
    "AuthorityExists",
    "AuthorityWrong",
    "CertificateDamaged",
    "CertificateEarly",
    "CertificateExpired",
    "CertificateHostWrong",
    "CertificateLapsed",
    "CertificateMissing",
    "CertificateNameless",
    "CertificateOfAnotherAuthority",
    "CertificateOfAnotherKey",
    "CertificateRefused",
    "CertificateRequestDamaged",
    "CertificateRequestWrong",
    "CertificateUntrusted",
    "CertificateUnwritable",
    "LinkBroken",
    "LinkGarbled",
    "LinkInsecure",
    "LinkPaused",
    "LinkRefused",
    "LinkTimeout",
    "LinkTruncated",
    "LinkUnreachable",
    "PeerNameless",
    "PeerWrong",
    "PortTaken",
    "RequestNotJson",
    "RequestTooLarge",
    "RouteUnknown",
    "UrlWrong",
]


class LinkUnreachable(Fault):
    """The other side cannot be reached now."""

    code = "link.unreachable"
    http = 503
    zh = "现在联系不上 {party}。"
    en = "{party} cannot be reached now."
    next_zh = "系统稍后会自动重试，已填写的内容不会丢失；急需办理的可手工填写。"
    next_en = "It is tried again by itself and nothing is lost; in a hurry, fill it in by hand."


class LinkTimeout(Fault):
    """The other side took longer than the time given."""

    code = "link.timeout"
    http = 504
    zh = "{party} 没有在 {timeout_s} 秒内答复。"
    en = "{party} did not answer within {timeout_s} seconds."
    next_zh = "系统稍后会自动重试，无需重复操作。"
    next_en = "It is tried again by itself; there is nothing to do."


class LinkTruncated(Fault):
    """An answer that broke off."""

    code = "link.truncated"
    http = 502
    zh = "{party} 的答复中途断开，收到的部分已丢弃。"
    en = "The answer of {party} broke off; what had arrived was thrown away."
    next_zh = "请重新查询；反复出现时请系统管理员检查网络和该部门节点。"
    next_en = "Ask again; if it keeps happening, have the network and that node checked."


class LinkGarbled(Fault):
    """An answer that is not what was agreed."""

    code = "link.garbled"
    http = 502
    zh = "{party} 的答复无法识别。"
    en = "The answer of {party} cannot be understood."
    next_zh = "请系统管理员核对该部门节点的地址和版本。"
    next_en = "Have the address and the version of that node checked."


class LinkBroken(Fault):
    """The other side failed inside; it says nothing more on purpose."""

    code = "link.broken"
    http = 502
    zh = "{party} 处理请求时出错。"
    en = "{party} failed while handling the request."
    next_zh = "请稍后重试；仍不行的，请该部门管理员查看节点日志。"
    next_en = (
        "Try again later; if it stays so, that department's administrator reads the node's log."
    )


class LinkRefused(Fault):
    """A refusal whose code this release does not know."""

    code = "link.refused"
    http = 502
    zh = "{party} 拒绝了请求，代码 {refusal}。"
    en = "{party} refused the request with the code {refusal}."
    next_zh = "请把代码告诉系统管理员；双方系统版本不同时请先升级。"
    next_en = (
        "Tell the administrator the code; if the two systems differ in version, upgrade first."
    )


class RouteUnknown(Fault):
    """No such address or method at this service."""

    code = "link.route-unknown"
    http = 404
    zh = "这里没有提供这个接口。"
    en = "There is nothing at this address."
    next_zh = "请核对接口地址和方法。"
    next_en = "Check the address and the method."


class RequestTooLarge(Fault):
    """A request body above the limit."""

    code = "link.too-large"
    http = 413
    zh = "请求超过了 {limit_bytes} 字节的上限。"
    en = "The request is larger than the limit of {limit_bytes} bytes."
    next_zh = "请缩小请求后重试。"
    next_en = "Make the request smaller and try again."


class RequestNotJson(Fault):
    """A request body that is no JSON object."""

    code = "link.not-json"
    http = 400
    zh = "请求正文不是 JSON 对象。"
    en = "The body of the request is not a JSON object."
    next_zh = "请按 application/json 发送一个对象。"
    next_en = "Send one object as application/json."


# ── between two machines ─────────────────────────────────────────────────────────────────────────


class LinkPaused(LinkUnreachable):
    """The other side failed several times in a row; it is left alone for a few seconds."""

    code = "link.paused"
    zh = "{party} 已连续 {failures} 次没有正常应答，系统几秒后自动再试。"
    en = "{party} did not answer properly {failures} times in a row; it is tried again in seconds."


class UrlWrong(Fault):
    """An address of a service that is none."""

    code = "link.url-wrong"
    http = 400
    zh = "{party} 的地址“{url}”不正确。"
    en = "The address “{url}” of {party} is not right."
    next_zh = "请填写 https://主机：端口 的形式，不带路径。"
    next_en = "Give it as https://host:port, without a path."


class CertificateExpired(Fault):
    """The certificate of the other side has run out."""

    code = "link.certificate-expired"
    http = 502
    zh = "{party} 的证书已过期，没有向它发送任何内容。"
    en = "The certificate of {party} has expired; nothing was sent to it."
    next_zh = "请该部门管理员为节点换发证书；并核对两台机器的时钟。"
    next_en = "Have that party's certificate issued anew, and check the clocks of both machines."


class CertificateEarly(Fault):
    """The certificate of the other side is not valid yet."""

    code = "link.certificate-early"
    http = 502
    zh = "{party} 的证书尚未生效，没有向它发送任何内容。"
    en = "The certificate of {party} is not valid yet; nothing was sent to it."
    next_zh = "多半是时钟不准：请核对两台机器的日期和时间。"
    next_en = "A clock is probably wrong: check date and time on both machines."


class CertificateUntrusted(Fault):
    """The certificate of the other side was not issued by the city's authority."""

    code = "link.certificate-untrusted"
    http = 502
    zh = "{party} 的证书不是本市证书机构签发的，没有向它发送任何内容。"
    en = "The certificate of {party} was not issued by this city's authority; nothing was sent."
    next_zh = "请核对该节点的地址，并由本市证书机构为它签发证书；不排除有人冒充。"
    next_en = (
        "Check the address and have the city's authority issue that party's certificate; "
        "somebody may be impersonating it."
    )


class PeerWrong(Fault):
    """Somebody else than expected answers at an address."""

    code = "link.peer-wrong"
    http = 502
    zh = "在 {party} 的地址上应答的是 {found}，应为 {expected}；没有向它发送任何内容。"
    en = "At the address of {party} answers {found} instead of {expected}; nothing was sent to it."
    next_zh = "请核对登记的节点地址，以及该机器上安装的是哪个部门的证书。"
    next_en = "Check the registered address, and whose certificate is installed on that machine."


class PeerNameless(Fault):
    """Who calls shows a certificate without an identity."""

    code = "link.peer-nameless"
    http = 403
    zh = "来访者的证书里没有唯一的 scenarist:// 身份。"
    en = "The certificate of the caller does not name exactly one scenarist:// identity."
    next_zh = "请使用本市证书机构签发的证书。"
    next_en = "Use a certificate issued by this city's authority."


class CertificateRefused(Fault):
    """The other side does not accept our own certificate."""

    code = "link.certificate-refused"
    http = 502
    zh = "{party} 不接受本机的证书（{identity}）。"
    en = "{party} does not accept the certificate of this machine ({identity})."
    next_zh = "请核对本机证书是否过期、是否由同一证书机构签发，再为本机换发证书。"
    next_en = (
        "Check whether this machine's certificate has expired or is of another authority, "
        "and have it issued anew."
    )


class CertificateMissing(Fault):
    """A file of the TLS folder is not there."""

    code = "link.certificate-missing"
    http = 500
    zh = "没有证书文件 {file}。"
    en = "There is no certificate file {file}."
    next_zh = "请先为本机申请并安装证书（登记）；已有证书的，请把文件放回原处。"
    next_en = "Request and install this machine's certificate first (enrol), or put the file back."


class CertificateDamaged(Fault):
    """A file does not hold a certificate."""

    code = "link.certificate-damaged"
    http = 500
    zh = "证书文件 {file} 里不是完整的证书。"
    en = "The certificate file {file} holds no whole certificate."
    next_zh = "请重新安装证书机构签发的证书。"
    next_en = "Install the certificate from the authority again."


class CertificateNameless(Fault):
    """A certificate does not say who its holder is."""

    code = "link.certificate-nameless"
    http = 400
    zh = "证书 {file} 里没有唯一的 scenarist:// 身份。"
    en = "The certificate {file} does not name exactly one scenarist:// identity."
    next_zh = "请安装由本市证书机构签发的证书，不要使用其他用途的证书。"
    next_en = "Install a certificate from this city's authority, not one made for another use."


class AuthorityWrong(Fault):
    """A folder does not hold a certificate authority that is whole."""

    code = "link.authority-wrong"
    http = 500
    zh = "{file} 不是证书机构的证书，或与旁边的 ca.key 不匹配。"
    en = "{file} is no authority's certificate, or does not belong to the ca.key beside it."
    next_zh = "请从备份恢复证书机构的文件夹。"
    next_en = "Restore the folder of the authority from its backup."


class CertificateLapsed(Fault):
    """A certificate of this machine has run out."""

    code = "link.certificate-lapsed"
    http = 500
    zh = "本机的证书 {file} 有效期为 {since} 至 {until}，现在不能使用。"
    en = "The certificate {file} of this machine is valid from {since} to {until}, not now."
    next_zh = "请换发证书；日期不对的，请先校准本机时钟。"
    next_en = "Have it issued anew; if the dates look right, set this machine's clock."


class CertificateOfAnotherKey(Fault):
    """A certificate does not belong to the private key beside it."""

    code = "link.certificate-of-another-key"
    http = 400
    zh = "证书（{identity}）与私钥 {file} 不匹配。"
    en = "The certificate ({identity}) does not belong to the private key {file}."
    next_zh = "请安装按本机最近一次申请签发的证书。"
    next_en = "Install the certificate that was issued for this machine's latest request."


class CertificateOfAnotherAuthority(Fault):
    """A certificate was not issued by the authority it came with."""

    code = "link.certificate-of-another-authority"
    http = 400
    zh = "证书（{identity}）不是所附证书机构签发的。"
    en = "The certificate ({identity}) was not issued by the authority that came with it."
    next_zh = "请从签发证书的机构一并取得证书和机构证书。"
    next_en = "Take the certificate and the authority's certificate from the same authority."


class CertificateRequestDamaged(Fault):
    """What was handed in is no request for a certificate."""

    code = "link.certificate-request-damaged"
    http = 400
    zh = "这不是有效的证书申请：应为 PEM 格式、签名正确，并使用 ECDSA P-256 密钥。"
    en = "This is no valid request for a certificate: PEM, rightly signed, with an ECDSA P-256 key."
    next_zh = "请在对方机器上重新生成申请，原样传来。"
    next_en = "Make the request again on the other machine and bring it unchanged."


class CertificateRequestWrong(Fault):
    """A request asks for another identity than the one to be certified."""

    code = "link.certificate-request-wrong"
    http = 400
    zh = "申请的身份是 {found}，要签发的是 {expected}。"
    en = "The request is for {found}, to be issued is {expected}."
    next_zh = "请核对部门标识，让该部门用正确的身份重新申请。"
    next_en = "Check the party's id and have that party request again with the right identity."


class CertificateHostWrong(Fault):
    """A host is neither a name nor an address."""

    code = "link.certificate-host-wrong"
    http = 400
    zh = "“{host}”不是主机名，也不是 IP 地址。"
    en = "“{host}” is neither a host name nor an IP address."
    next_zh = "请填写 node1.example.org 这样的域名，或 IPv4、IPv6 地址，不带端口。"
    next_en = "Give a name such as node1.example.org, or an IPv4 or IPv6 address, without a port."


class CertificateUnwritable(Fault):
    """The operating system does not let us write a file of the TLS folder."""

    code = "link.certificate-unwritable"
    http = 500
    zh = "无法写入文件 {file}。"
    en = "The file {file} cannot be written."
    next_zh = "请检查文件夹是否存在、可写，磁盘是否已满。"
    next_en = "Check that the folder exists and can be written, and that its disk is not full."


class AuthorityExists(Fault):
    """There is a certificate authority already."""

    code = "link.authority-exists"
    http = 409
    zh = "这里已有证书机构 {file}，没有改动。"
    en = "There is a certificate authority {file} already; it was not changed."
    next_zh = "请继续使用它；新建会使已签发的证书全部失效。"
    next_en = "Go on using it: with a new one, every certificate that was issued becomes void."


class LinkInsecure(Fault):
    """A service without TLS would be open to other machines."""

    code = "link.insecure"
    http = 500
    zh = "没有证书时只能在本机（127.0.0.1、::1）提供服务，不能用 {host}。"
    en = "Without a certificate a service runs on this machine only (127.0.0.1, ::1), not {host}."
    next_zh = "请为本机安装证书，或改用 127.0.0.1。"
    next_en = "Install a certificate for this machine, or use 127.0.0.1."


class PortTaken(Fault):
    """Another program listens at an address."""

    code = "link.port-taken"
    http = 500
    zh = "{host} 的端口 {port} 已被另一个程序占用。"
    en = "Port {port} of {host} is taken by another program."
    next_zh = "请停止那个程序，或在 [serve] 中改用别的端口。"
    next_en = "Stop that program, or choose another port under [serve]."


class AddressWrong(Fault):
    """This machine cannot listen at an address."""

    code = "link.address-wrong"
    http = 500
    zh = "本机无法在 {host} 端口 {port} 上监听。"
    en = "This machine cannot listen at {host}, port {port}."
    next_zh = "请填写本机网卡的地址；端口小于 1024 的，本程序的用户需要相应权限。"
    next_en = "Give an address of this machine; a port below 1024 asks for a permission."
