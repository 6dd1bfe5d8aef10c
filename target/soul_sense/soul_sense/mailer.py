"""Messages to users. Until there is a mail server they go to the log."""

import logging
from dataclasses import dataclass, field

log = logging.getLogger("soul_sense.mail")


@dataclass
class Mailer:
    """Sends messages; those of this process are kept for a look."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    def send(self, address: str, text: str) -> None:
        log.info("to %s: %s", address, text)
        self.sent.append((address, text))


mailer = Mailer()


def get_mailer() -> Mailer:
    return mailer
