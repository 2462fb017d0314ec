"""The words of an announcement, heard once after a call that nobody answered."""

from telephony.speech.recognition import Grammar, Recogniser, RecognitionUnavailable

# What ANNOUNCEMENTS of early_media.py asks for; a model that lacks a word leaves its phrase out.
PHRASES = (
    *("空号", "号码 不存在", "号码 有误", "停机", "欠费", "关机", "无法 接通", "不在 服务区"),
    *("正在 通话 中", "用户 忙", "正忙", "占线", "无人 接听", "没有 应答", "语音 信箱", "留言"),
)
# A wrong word would end a patient's follow-up; one that is missed costs another try.
SURE_AT = 0.9
STEP_BYTES = 3200
GRAMMAR = Grammar(phrases=PHRASES, accept_at=SURE_AT, family="announcement")


def hear(recogniser: Recogniser, pcm: bytes) -> str:
    """The words that are sure; nothing if there are none, or no recogniser can be had. Blocking, some hundred ms."""
    try:
        if len(recogniser.covers(PHRASES)) == len(PHRASES):
            return ""
        stream = recogniser.start(GRAMMAR)
        for start in range(0, len(pcm), STEP_BYTES):
            stream.feed(pcm[start : start + STEP_BYTES])
        return "".join(word.text for word in stream.finish().words if word.confidence >= SURE_AT)
    except RecognitionUnavailable:
        return ""
