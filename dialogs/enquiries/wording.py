"""How patients word things: plain cues, own facts, follow-ups, Cantonese. Pure."""

import re

from dialogs.enquiries.schemas import OwnFact

FOLLOW_UP_CHARS = 14
CANTONESE: tuple[tuple[str, str], ...] = (
    (r"几多钱|幾多錢|几钱|幾錢", "多少钱"),
    (r"几多|幾多", "多少"),
    (r"几时|幾時|幾时", "什么时候"),
    (r"边度|邊度|边处", "哪里"),
    (r"边个|邊個", "哪个"),
    (r"点样|點樣|点解(?=办)|点(?=[去行交预挂约攞])|點(?=[去行交預掛約攞])", "怎么"),
    (r"点解|點解", "为什么"),
    (r"乜嘢|咩嘢|乜野|咩野|咩|乜", "什么"),
    (r"使唔使", "要不要"),
    (r"可唔可以|得唔得", "可不可以"),
    (r"有冇", "有没有"),
    (r"唔该|唔該", "请问"),
    (r"唔", "不"),
    (r"冇", "没有"),
    (r"喺", "在"),
    (r"嘅", "的"),
    (r"佢哋|佢", "他"),
    (r"我哋", "我们"),
    (r"睇", "看"),
    (r"俾|畀", "给"),
    (r"攞", "拿"),
    (r"听日|聽日", "明天"),
    (r"而家|依家", "现在"),
    (r"(?<![关联没干联])系(?=[边什哪不咪我])|係", "是"),
    (r"[㗎啫喎咗紧啦嘞]", ""),
)
_CANTONESE = tuple((re.compile(pattern), plain) for pattern, plain in CANTONESE)

CUES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (intent, re.compile(pattern))
    for intent, pattern in (
        (
            "want_person",
            r"^转接?$|[转找要]人工(?!授|周|受|流|关)|^人工(?:客服|服务|坐席)?[。！!]*$|人工(?:客服|坐席)|真人(?!吗|工)|(?:找|叫|要|换|转)(?:一?个|位)?(?:护士|医生|大夫|客服|工作人员|人)(?:[来聊说问吧回]|$)|不(?:想)?(?:跟|和)机器",
        ),
        ("identify", r"^(?:我要|我想|请)?(?:核对|绑定|验证)(?:一下)?(?:我的)?身份[。！!]*$"),
        ("complaint", r"投诉|举报|态度(?:太|很|特别)?(?:差|恶劣)|乱收费"),
        ("who_are_you_robot", r"^(?:请问)?(?:你|您)(?:是|叫)(?:谁|什么|哪位|机器人|真人|人工|AI|ai)"),
        (
            "hello",
            r"^(?:你好|您好|喂|哈喽|嗨|还?在吗|还?在不在|还?有人吗|人呢|早上好|下午好|晚上好|hello|hi|[!！？?。，,~\s])+$",
        ),
        ("thanks", r"^(?:好的?|嗯|行|知道了|明白了|[，,。\s])*(?:谢谢|多谢|感谢|辛苦)[^？?怎么多少]{0,6}$"),
        ("goodbye", r"^(?:好的?|嗯|行|没事了|没有了|[，,。\s])*(?:再见|拜拜|88|没事了|没有了|不用了)[了啦吧。！!\s]*$"),
        ("noted", r"^(?:好的?|嗯+|哦+|行|知道了|明白了?|收到|ok|OK|Ok|可以|[，,。！!\s])+$"),
        ("praise", r"^(?:你|您)?(?:真|太|很|好)(?:棒|好|厉害|聪明)"),
    )
)
CALL = r"^(?:喂|哎|诶|你好|您好|请问|麻烦|护士|医生|大夫|客服|老师|[，,。！!？?…~～\s])*"
END = r"[了啊呀呢吗嘛么吧哦的]*[，,。！!？?…~～\s]*$"
REPLIES = r"(?:回复?|回话|答复|理|搭理|应|接待|接|管)(?:我们?|一下|消息|信息)*"
STAY = re.compile(
    CALL + r"(?:(?:人|你们?|您|医生|护士|客服|工作人员|大夫|老师)?(?:现在)?(?:还|都)?在(?:线)?(?:吗|嘛|么|不在|没|不)"
    r"|(?:还|现在|到底)?有(?:没有)?人(?:在|在线)?(?:吗|嘛|么|没有?|呢)|人呢|人去哪(?:里|儿)?)" + END
)
"""Whether anybody is there still (还在吗, 人呢)."""
IMPATIENT = re.compile(
    CALL + r"(?:"
    r"我?(?:一直|还|都|已经|正|就|在)*等(?:着|待|了|你们?|人|好久|很久|半天|这么久|那么久|回复|回话|消息|在"
    r"|(?:快|都|有)?[0-9一二三四五六七八九十两几多半]+个?(?:多)?(?:分钟|小时|钟头|钟|天))*"
    rf"|(?:怎么|为什么|为啥)?(?:还|都|一直|到现在)*(?:没有?|不见)人?(?:来)?{REPLIES}"
    rf"|(?:怎么|为什么|为啥)(?:还|都|一直)*不{REPLIES}"
    rf"|(?:有没有|没有?|有)人{REPLIES}"
    rf"|(?:能不能|可不可以|可以|能|请|麻烦)*(?:快点|快一点|快些|尽快|赶快|赶紧|抓紧)(?:{REPLIES}|来人|来个人|处理)?(?:一下)?"
    rf"|(?:还要|还得|要|得)?(?:等)?(?:什么时候|啥时候|多久|多长时间|几点)(?:才|能|会|有人|可以|给)*{REPLIES}"
    r")" + END
)
"""That an answer is wanted at last (我还在等, 怎么还没人回复)."""
HOW_LONG = re.compile(CALL + r"(?:大概|大约)?(?:还|要|得|需要)*等?(?:多久|多长时间|多少时间)" + END)
OWNED = r"(?:我|本人|自己|咱)"
ASKS_DAY = r"(?:哪天|哪一天|几号|几月|什么时候|啥时候|日期|多久|几天|第几天|多少天)"
EVENTS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"胚胎移植|移胚|放胚胎"), ("transfer",)),
    (re.compile(r"换肾|肾移植"), ("transplant_kidney",)),
    (re.compile(r"换肝|肝移植"), ("transplant_liver",)),
    (re.compile(r"人授|人工授精"), ("insemination",)),
    (re.compile(r"登记等待|排队|等待名单|登记"), ("waiting_listed",)),
    (re.compile(r"分娩|生(?:的|孩子|宝宝)"), ("delivery",)),
    (re.compile(r"移植|手术"), ("transfer", "transplant_kidney", "transplant_liver")),
)
DONE = re.compile(
    rf"{OWNED}.{{0,8}}(?:是|做|在|过|的|了|登记|移植|手术).{{0,10}}{ASKS_DAY}|{ASKS_DAY}.{{0,4}}(?:做|移植|手术)的"
)
FUTURE = re.compile(r"(?:可以|能|才能|要等|还要|还能|需要|多久后|之?后|以后|前)")
NEXT_VISIT = re.compile(
    rf"{OWNED}.{{0,6}}(?:下次|下一次|下回|什么时候|哪天|几号).{{0,6}}(?:复查|复诊|随访|回访|回来|来院|抽血|看医生)"
    rf"|{OWNED}.{{0,4}}(?:复查|复诊|随访).{{0,4}}(?:是)?(?:哪天|什么时候|几号|时间)"
)
ARREARS = re.compile(
    rf"{OWNED}.{{0,8}}(?:欠(?:费|款|了)?.{{0,2}}(?:多少|几|吗|没)|(?:冷冻|保存|续)费?.{{0,6}}(?:到期|到什么时候|交到|欠)|还(?:要|需要?|得)交多少)"
)
ADVICE = re.compile(
    r"剂量|药量|(?:吃|用|打|停|加|减|换|漏).{0,6}(?:几[粒片颗支针次]|多少[粒片颗支毫]|药|针)|(?:药|针).{0,6}(?:能|可以|要不要|需要)(?:不能|不可以)?(?:停|换|加|减)"
    r"|(?:正常|严重|危险|有问题)吗|是不是(?:怀孕|流产|排斥|感染|复发)|怎么治|吃什么药"
)
LEADING = re.compile(r"^(?:那么?|然后|还有|另外|哦|嗯|好的|[，,\s])+")
STRONG_FOLLOW_UP = re.compile(r"^(?:那|那么|然后|还有|另外)(?!个?(?:请问|我想问))")
ELLIPTIC = re.compile(
    r"^(?:要|需要|还要|得|可以|能|大概)?(?:带|准备|做|花|交|等|去|找|住|多少|多久|几|哪|什么|怎么|为什么|在哪)"
)
QUESTION_BEGINS = re.compile(
    r"需要|要注意|注意|要带|要不要|要做|怎么|如何|多少|多久|多长|什么|哪|几[点天号次岁楼]|吗|可以|可不可以|能不能|能|是否|有没有|为什么|会不会"
)
WORDS = re.compile(r"[\w\u3400-\u9fff]")
LATIN = re.compile(r"[A-Za-z]")
HAN = re.compile(r"[\u3400-\u9fff]")
LATIN_MIN = 8


def plain(text: str) -> str:
    """The text with Cantonese wording put as Mandarin would."""
    for pattern, mandarin in _CANTONESE:
        text = pattern.sub(mandarin, text)
    return text.strip()


def cue(text: str) -> str | None:
    """The intent that plain wording states for certain."""
    return next((intent for intent, pattern in CUES if pattern.search(text)), None)


def asks_after_us(text: str, *, waiting: bool) -> bool:
    """Whether somebody who waits for a person asks after us, or says that no answer came; that is no question."""
    if IMPATIENT.search(text):
        return True
    return waiting and bool(STAY.search(text) or HOW_LONG.search(text))


def has_words(text: str) -> bool:
    """Whether there is anything but signs and emoji."""
    return bool(WORDS.search(text))


def is_foreign(text: str) -> bool:
    """Whether it is written in Latin letters throughout."""
    return len(LATIN.findall(text)) >= LATIN_MIN and not HAN.search(text)


def own_fact(text: str) -> OwnFact | None:
    """The fact of the patient's own record that is asked for."""
    if ARREARS.search(text):
        return OwnFact(kind="arrears")
    if NEXT_VISIT.search(text):
        return OwnFact(kind="next_visit")
    if DONE.search(text) and not FUTURE.search(text):
        kinds = next((kinds for pattern, kinds in EVENTS if pattern.search(text)), None)
        return OwnFact(kind="event", event_kinds=kinds) if kinds else None
    return None


def asks_advice(text: str) -> bool:
    """Whether a clinician has to answer: doses, medicines, what a finding means."""
    return bool(ADVICE.search(text))


def expanded(text: str, topic: str) -> str | None:
    """A follow-up such as 那要带什么, completed by the subject of what was asked last; None for a whole question."""
    if not topic or len(text) > FOLLOW_UP_CHARS:
        return None
    rest = LEADING.sub("", text)
    if not (STRONG_FOLLOW_UP.search(text) or ELLIPTIC.search(rest)):
        return None
    begins = QUESTION_BEGINS.search(topic)
    subject = topic[: begins.start()] if begins and begins.start() else topic
    return None if not subject or subject in text else f"{subject}{rest}"
