"""Plain wording that means an intent for certain; the classifier decides the rest."""

import re

CUES: tuple[tuple[str, str], ...] = (
    (
        "patient_died",
        r"去世|过世|病逝|病故|离世|不在(?:人)?世|人没了|已经没了|人(?:都|已经)?走了|已经走了|(?:他|她|人)(?:都|已经)?死了|已经不在了|故去",
    ),
    (
        "do_not_call",
        r"(?:别|不要|不用|不许)(?:再)?(?:给我)?(?:打(?:来|了|电话|这|过来)|联系我|骚扰)|(?:以后|今后).{0,3}(?:别|不要|不用).{0,3}打|骚扰电话|(?:取消|退出|拒绝|不要|不接受|不参加)(?:你们的?)?随访|删(?:了|除|掉).{0,4}(?:号码|电话)",
    ),
    (
        "wrong_number",
        r"打错|错号|找错|搞错(?:人|了)|(?:没|没有|不是)这个人|查无此人|不认识(?:他|她|这个?人|什么)?|不是(?:他|她)的(?:号码|电话)|号码.{0,4}(?:刚|新)换",
    ),
    (
        "want_person",
        r"转?人工(?!授精|受精|周期|流产|智能|肝|肾|关节|晶体|耳蜗)|真人(?!吗)|(?:找|让|叫|要|转|换).{0,3}(?:护士|医生|大夫|工作人员|人来|个人|领导)|跟人(?:说|讲)|不(?:想)?(?:跟|和)机器",
    ),
    ("complaint", r"投诉|举报|态度(?:太|很|特别)?(?:差|不好|恶劣)|乱收费|太不负责"),
    (
        "call_back_at",
        r"(?:分钟|小时|点|点钟|点半|上午|下午|晚上|明天|后天|周.|星期.|礼拜.|早上|中午).{0,6}(?:再)?(?:打|联系|来电)|(?:过|等).{0,4}(?:小时|分钟|天).{0,4}(?:打|说)",
    ),
    (
        "busy_now",
        r"(?:很|在|正|太|现在|比较|有点)忙|忙着|没空|没时间|(?:开|正)(?:着)?(?:会|车)|在上班|(?:等|过|待)(?:一)?会儿?(?:再)?(?:打|说|联系)|(?:晚点|改天|回头|一会儿|下次)(?:再)?(?:打|说|联系)|不方便(?:接|说话|讲话)|现在不方便",
    ),
    ("slower", r"(?:说|讲|放|语速|请|再)?(?:慢点|慢一点|慢些|慢一些)|太快|慢慢(?:说|讲)|跟不上"),
    ("louder", r"大声|大点声|声音.{0,4}(?:大|小|高)|音量|太小声"),
    (
        "repeat",
        r"再(?:说|讲|问|念|重复|来)(?:一)?[遍次下]|重复(?:一)?[遍下]|没(?:有)?听(?:清|见|到|懂|明白)|听不(?:清|见|懂|到)|你说(?:什么|啥)|说的?(?:什么|啥)|^[啊嗯哈]?(?:什么|啥)[？?啊呀]?$|^[啊嗯][？?]$|什么意思",
    ),
    (
        "who_are_you_robot",
        r"(?:你|您)(?:们)?(?:是)?(?:谁|哪位|哪里|哪儿|哪个)|(?:是|跟).{0,3}(?:机器人|真人|录音|电脑|人工智能|AI)|哪(?:家|个)(?:医院|单位)|什么医院|你是医生吗",
    ),
    (
        "what_is_this",
        r"什么(?:电话|事)|干(?:什么|嘛|啥)|推销|诈骗|骗子|为什么(?:打|给我|问)|做什么的|(?:要|还要|问)(?:多久|多长时间)|问这(?:些|个)",
    ),
    (
        "ask_service",
        r"多少钱|怎么(?:交|缴|收费|走|去|挂|约|预约|开|报销|续|取消|改|查|复印)|(?:在|去|到)(?:哪|几楼)|几点(?:上|下|开|关|抽|到)|(?:能|可以|可不可以|能不能).{0,8}(?:微信|支付宝|报销|停车|邮寄|医保|网上|发票|刷卡)|发票|停车|地址|报销|空腹吗|什么时候(?:交|出来|开门)|押金|探视|电话(?:是)?多少",
    ),
    (
        "relative_speaking",
        r"我是(?:他|她)的?.{1,4}|我是(?:家属|护工|家里人|照顾)|(?:替|帮)(?:他|她)接|这是我(?:老公|老婆|妈|爸|爱人).{0,2}的?(?:电话|手机)",
    ),
    (
        "not_here",
        r"(?:他|她|人|本人|王|李|张)?(?:现在|今天)?不在(?!忙)|出去了|出门了|上班去了|没带手机|还没回来|睡了|睡着了|接不了电话",
    ),
    ("skip", r"跳过|下一(?:个|题)|不想(?:说|回答|讲|告诉)|隐私|不(?:愿意|方便)(?:说|回答|透露)(?!话)"),
    (
        "unsure",
        r"不知道|不(?:太|大|是很)?(?:清楚|确定|记得)|记不(?:清|得|住)|说不(?:清|好|准)|想不起|忘(?:记)?了$|没(?:量|测)过?$",
    ),
    ("thanks", r"^(?:好的?|嗯|行|那)?[，,]?(?:谢谢|多谢|感谢|辛苦)"),
    ("goodbye", r"再见|拜拜|(?:我|先|那)挂(?:了|吧|电话)|^挂了|(?:就|先)这样(?:吧)?$|不说了"),
    (
        "affirm",
        r"^(?:嗯+|哦|喂|您好|你好|[，,。])*(?:是的?|对的?|我就是|是我|本人|好的?|可以|行|没错|方便|有的?|嗯+|当然|请说|你说吧?|您说)(?:[啊呀呢吧了哦，,。！]|$|我是|本人|我就是|方便|你说)",
    ),
    ("deny", r"^(?:嗯+|哦|喂|[，,。])*(?:不是|没有|没|不对|不|错了)"),
)
_COMPILED = tuple((intent, re.compile(pattern)) for intent, pattern in CUES)
INTERRUPTIONS = frozenset(
    {
        "repeat",
        "slower",
        "louder",
        "what_is_this",
        "who_are_you_robot",
        "busy_now",
        "call_back_at",
        "do_not_call",
        "want_person",
        "wrong_number",
        "not_here",
        "relative_speaking",
        "patient_died",
        "ask_service",
        "complaint",
        "goodbye",
        "thanks",
    }
)
SURE = 0.6
AGREED = 0.3
ASKING = re.compile(
    r"[？?吗]|[呢么]$|(?<!不)怎么|怎样|如何|(?<!没)(?<!没有)(?:什么|啥)|多[少久长远]|几[点天号次楼个路]|哪|([\u4e00-\u9fff])不\1"
    r"|请问|想问|问[一下问]|打听|咨询|想知道|告诉我|了解|帮我查"
)


def cue(text: str) -> str | None:
    """The first intent whose plain wording a text holds, most weighty first."""
    return next((intent for intent, pattern in _COMPILED if pattern.search(text)), None)


def settle(intent: str, confidence: float, text: str) -> str:
    """Joins the classifier's intent with the plain wording.

    An interruption ends or bends a call, so the classifier alone must be sure of it; where the wording agrees, less
    is enough, and plain wording counts where the classifier is unsure. Chat that asks nothing is no service question,
    however sure the classifier.
    """
    plain = cue(text)
    if intent == "ask_service" and plain != intent and not ASKING.search(text):
        return plain or "nlu_fallback"
    if plain == intent and confidence >= AGREED:
        return intent
    if intent not in INTERRUPTIONS:
        return plain if plain in INTERRUPTIONS and confidence < SURE else intent
    if plain in INTERRUPTIONS:
        return plain
    return intent if confidence >= SURE else (plain or "nlu_fallback")
