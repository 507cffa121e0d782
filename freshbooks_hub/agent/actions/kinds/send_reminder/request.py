"""The request, the preview that the approver sees, and the text of the email in several languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal

from freshbooks_hub.agent.actions.action_kind import ActionRequest
from freshbooks_hub.agent.actions.books import Reference
from freshbooks_hub.agent.actions.preview import ActionPreview, Client, business_line, client_line
from freshbooks_hub.core.currencies import with_code


class SendReminderRequest(ActionRequest):
    """A reminder of an overdue invoice; without words of one's own, in the client's language."""

    invoice_id: Reference
    subject: str | None = None
    body: str | None = None
    include_pdf: bool = False


class SendReminderPreview(ActionPreview):
    """The email that will be sent."""

    kind: Literal["send_reminder"] = "send_reminder"
    client: Client
    invoice_id: int
    invoice_number: str
    due_date: date
    days_overdue: int
    outstanding: str
    recipients: tuple[str, ...]
    language: str
    subject: str
    body: str
    include_pdf: bool

    @property
    def total_amount(self) -> str:
        return self.outstanding


def describe(preview: SendReminderPreview) -> Iterator[str]:
    """The lines of the preview."""
    yield business_line(preview)
    yield client_line(preview.client)
    yield f"Invoice       {preview.invoice_number} ({preview.invoice_id})"
    yield f"Due           {preview.due_date}, {preview.days_overdue} days overdue"
    yield f"Outstanding   {with_code(preview.outstanding, preview.currency)}"
    for recipient in preview.recipients:
        yield f"To            {recipient}"
    yield f"Subject       {preview.subject}"
    for line in preview.body.splitlines():
        yield f"Text          {line}"
    yield f"PDF attached  {'yes' if preview.include_pdf else 'no'}"


# Subject, then the body; the business signs.
_WORDS = {
    "en": (
        "Reminder: invoice {number} is overdue",
        "Hello,\n\nthis is a friendly reminder that invoice {number} was due on {due}. {amount} is outstanding.\n\n"
        "If you have paid it meanwhile, please ignore this message.\n\nThank you,\n{business}",
    ),
    "fr": (
        "Rappel : la facture {number} est en retard",
        "Bonjour,\n\nnous vous rappelons que la facture {number} était payable le {due}. Le solde est de {amount}.\n\n"
        "Si vous l'avez payée entre-temps, veuillez ne pas tenir compte de ce message.\n\nMerci,\n{business}",
    ),
    "de": (
        "Zahlungserinnerung: Rechnung {number} ist überfällig",
        "Guten Tag,\n\ndie Rechnung {number} war am {due} fällig. Offen sind {amount}.\n\n"
        "Falls Sie inzwischen bezahlt haben, betrachten Sie diese Nachricht bitte als gegenstandslos.\n\n"
        "Vielen Dank,\n{business}",
    ),
    "es": (
        "Recordatorio: la factura {number} está vencida",
        "Hola:\n\nle recordamos que la factura {number} venció el {due}. Queda pendiente un importe de {amount}.\n\n"
        "Si ya la ha pagado, no tenga en cuenta este mensaje.\n\nGracias,\n{business}",
    ),
    "it": (
        "Promemoria: la fattura {number} è scaduta",
        "Buongiorno,\n\nle ricordiamo che la fattura {number} è scaduta il {due}. Restano da pagare {amount}.\n\n"
        "Se nel frattempo ha già pagato, ignori questo messaggio.\n\nGrazie,\n{business}",
    ),
    "nl": (
        "Herinnering: factuur {number} is vervallen",
        "Goedendag,\n\ngraag herinneren wij u eraan dat factuur {number} op {due} is vervallen. "
        "Er staat nog {amount} open.\n\nHebt u intussen betaald, dan kunt u dit bericht negeren.\n\n"
        "Met vriendelijke groet,\n{business}",
    ),
    "pt": (
        "Lembrete: a fatura {number} está vencida",
        "Olá,\n\nlembramos que a fatura {number} venceu em {due}. Falta pagar {amount}.\n\n"
        "Se já efetuou o pagamento, ignore esta mensagem.\n\nObrigado,\n{business}",
    ),
}
ENGLISH = "en"


def known(language: str | None) -> str | None:
    """The supported language, by its first letters (`fr-ca` is `fr`); None if there is no text in it."""
    code = (language or "").lower()[:2]
    return code if code in _WORDS else None


def words(language: str, number: str, due: date, amount: str, business: str) -> tuple[str, str]:
    """Subject and body."""
    subject, body = _WORDS[language]
    facts = {"number": number, "due": due.isoformat(), "amount": amount, "business": business}
    return subject.format(**facts), body.format(**facts)
