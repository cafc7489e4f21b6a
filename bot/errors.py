"""Every error this project raises on purpose.

ServiceError
├── BadInput
│   ├── PayloadNotOffered
│   └── FileRefused
├── Unauthorized
│   ├── LoginRefused
│   └── CsrfMissing
├── Forbidden
├── NotFound
│   ├── ConversationNotFound
│   ├── MessageNotFound
│   ├── StaffNotFound
│   ├── AttachmentNotFound
│   ├── CaseNotFound
│   ├── EnterpriseNotFound
│   └── CannedNotFound
├── Conflict
│   ├── AlreadyTaken
│   ├── NotYours
│   ├── WrongStatus
│   ├── OfferOver
│   ├── EnterpriseKnown
│   └── CannedTaken
├── TooLarge
├── TooManyRequests
├── BindingRefused
├── StorageFull
├── ChannelAway
└── BrainFailed

SettingsError and StartFailed stand apart: they stop the program before anything is served.
"""

from __future__ import annotations

from typing import Any


class ServiceError(Exception):
    """Something the caller can be told about.

    Attributes:
        code: Stable word for programs.
        status: The HTTP status a connector answers with.
        sentence: What a person reads, in Chinese.
        details: More fields of the JSON error (for example the holder).
    """

    code = "service_error"
    status = 500
    sentence = "服务出了点问题，请稍后再试。"

    def __init__(self, sentence: str | None = None, **details: Any) -> None:
        super().__init__(sentence or self.sentence)
        self.sentence = sentence or self.sentence
        self.details = details

    def as_json(self) -> dict[str, Any]:
        """The one shape of every error this product answers with."""
        return {"error": {"code": self.code, "message": self.sentence, **self.details}}


class BadInput(ServiceError):
    """What came in cannot be understood or breaks a limit."""

    code, status, sentence = "bad_input", 422, "提交的内容有误，请检查后重试。"


class PayloadNotOffered(BadInput):
    """A button's payload that no message of this conversation offered."""

    code, sentence = "payload_not_offered", "这个选项已失效，请直接输入您的问题。"


class FileRefused(BadInput):
    """A file of a sort that is not taken, or one too many."""

    code, sentence = "file_refused", "不支持这种文件。"


class Unauthorized(ServiceError):
    """Nobody, or nobody we know."""

    code, status, sentence = "unauthorized", 401, "请先登录或重新打开会话。"


class LoginRefused(Unauthorized):
    """Wrong name or password; which of the two is not told."""

    code, sentence = "login_refused", "用户名或密码不正确。"


class CsrfMissing(Unauthorized):
    """A state-changing desk call without the token that login returned."""

    code, status, sentence = "csrf_missing", 403, "页面已过期，请刷新后重试。"


class Forbidden(ServiceError):
    """Somebody we know, who may not do this."""

    code, status, sentence = "forbidden", 403, "您没有进行这项操作的权限。"


class NotFound(ServiceError):
    """There is no such thing, or not for the caller."""

    code, status, sentence = "not_found", 404, "没有找到对应的内容。"


class ConversationNotFound(NotFound):
    """No such conversation, or it belongs to somebody else."""

    code, sentence = "conversation_not_found", "没有找到这个会话。"


class MessageNotFound(NotFound):
    """No such message in this conversation."""

    code, sentence = "message_not_found", "没有找到这条消息。"


class StaffNotFound(NotFound):
    """No member of staff of that name."""

    code, sentence = "staff_not_found", "没有找到这位工作人员。"


class AttachmentNotFound(NotFound):
    """No such file, or not for the caller."""

    code, sentence = "attachment_not_found", "没有找到这个文件，或者查看链接已过期。"


class CaseNotFound(NotFound):
    """No case of that number, or not the caller's."""

    code, sentence = "case_not_found", "没有查到这个工单，请核对工单号。"


class EnterpriseNotFound(NotFound):
    """No enterprise of that number, or the customer speaks for none."""

    code, sentence = "enterprise_not_found", "没有找到这家企业。"


class CannedNotFound(NotFound):
    """No canned reply of that number, or it is a colleague's own."""

    code, sentence = "canned_not_found", "没有找到这条常用语，可能已被删除。"


class Conflict(ServiceError):
    """The thing is no longer in the state the caller saw."""

    code, status, sentence = "conflict", 409, "状态已经变化，请刷新后再试。"


class AlreadyTaken(Conflict):
    """Somebody else holds the conversation; ``holder`` says who."""

    code = "already_taken"


class NotYours(Conflict):
    """Only the member of staff who holds a conversation may do this."""

    code, sentence = "not_yours", "这个会话不在您名下，请先接入。"


class WrongStatus(Conflict):
    """The transition does not start from the conversation's present status."""

    code = "wrong_status"


class CannedTaken(Conflict):
    """Another canned reply of the same owner has this short-cut."""

    code = "canned_taken"


class EnterpriseKnown(Conflict):
    """There is an enterprise of that credit code; ``enterprise`` says which."""

    code, sentence = "enterprise_known", "这个统一社会信用代码已经建档，请直接选用。"


class FeedbackClosed(Conflict):
    """A score that comes after the time in which it could be given."""

    code, sentence = "feedback_closed", "这次服务的评分已截止。"


class OfferOver(Conflict):
    """Nothing is offered to the caller: refused, run out, withdrawn, or never made."""

    code, sentence = "offer_over", "这次转接已经结束，会话仍由原来的同事接待。"


class TooLarge(ServiceError):
    """A body or a text over the limit."""

    code, status, sentence = "too_large", 413, "内容过长，请分几条发送。"


class TooManyRequests(ServiceError):
    """More calls than a person makes."""

    code, status, sentence = "too_many_requests", 429, "操作过于频繁，请稍后再试。"


class BindingRefused(ServiceError):
    """More wrong codes than a person types; ``reason``: of a ``customer``, or of ``everybody``."""

    code, status, sentence = "binding_refused", 429, "绑定码输错的次数太多，请稍后再试。"

    def __init__(self, reason: str) -> None:
        super().__init__(None)
        self.reason = reason


class StorageFull(ServiceError):
    """No room for files; a matter for whoever keeps the server."""

    code, status, sentence = "storage_full", 507, "暂时不能接收文件，请先用文字说明情况。"


class ChannelAway(ServiceError):
    """A channel's own service gave no answer, or a no."""

    code, status, sentence = "channel_away", 502, "渠道的接口暂时没有应答，请稍后再试。"


class BrainFailed(ServiceError):
    """Rasa gave no usable answer; ``kind`` says how (see ``FailureKind``)."""

    code, status = "brain_failed", 502

    def __init__(self, kind: str, reason: str = "") -> None:
        super().__init__(None)
        self.kind = kind
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"


class SettingsError(Exception):
    """A setting that cannot be used; its text is the one sentence printed."""


class StartFailed(Exception):
    """A part of the program cannot run; its text is what the person at the keyboard reads."""
