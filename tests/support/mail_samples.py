"""Messages written part by part, as mail programs send them."""

import base64
import quopri


def wrapped_base64(data: bytes) -> str:
    """Return bytes in base64, in lines of 76 characters."""
    return base64.encodebytes(data).decode()


def part(
    content: str | bytes, kind: str = "text/plain; charset=utf-8", *others: str, how: str = "7bit"
) -> str:
    """Return a part of a message: its headers, an empty line and its content.

    Args:
        content: text, which is sent in UTF-8, or bytes.
        kind: the value of Content-Type.
        others: more header lines.
        how: the transfer encoding: 7bit, base64 or quoted-printable.
    """
    data = content.encode() if isinstance(content, str) else content
    if how == "base64":
        body = wrapped_base64(data)
    elif how == "quoted-printable":
        body = quopri.encodestring(data).decode()
    else:
        body = data.decode()
    headers = [f"Content-Type: {kind}", f"Content-Transfer-Encoding: {how}", *others]
    return "\n".join(headers) + f"\n\n{body}"


def multipart(kind: str, *parts: str, cut: str = "=cut") -> str:
    """Return a part that is made of parts; `kind` is "mixed", "alternative" or another."""
    body = "".join(f"--{cut}\n{one}\n" for one in parts)
    return (
        f'Content-Type: multipart/{kind}; boundary="{cut}"\n\nA preamble.\n{body}--{cut}--\nEnd.\n'
    )


def message(body: str, subject: str = "Keys", *others: str) -> str:
    """Return a message: sender, receiver, date, subject and the part `body`."""
    lines = [
        "From: Ada <ada@example.org>",
        "To: bob@example.org",
        "Date: Tue, 05 Mar 2024 09:00:00 +0100",
        f"Subject: {subject}",
        "MIME-Version: 1.0",
        *others,
    ]
    return "\n".join(lines) + f"\n{body}"


def mailbox(*messages: str) -> str:
    """Return a mailbox of messages."""
    separator = "From ada@example.org Tue Mar  5 09:00:00 2024\n"
    quoted = (one.replace("\nFrom ", "\n>From ") for one in messages)
    return "".join(f"{separator}{one}\n\n" for one in quoted)


def attachment(name: str, data: bytes) -> str:
    """Return a picture that is sent along."""
    return part(
        data, "image/png", f'Content-Disposition: attachment; filename="{name}"', how="base64"
    )
