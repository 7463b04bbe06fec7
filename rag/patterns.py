"""How people put what they ask: the turns of speech that tell one kind of question from another."""

import re

FOREIGN = re.compile(
    r"(?:忽略|无视|忘掉|忘记|跳过|抛开|(?:^|[,.。;!?\s请你就])(?:别管|不用管|不要管|甭管)(?!的)).{0,12}(?:指令|要求|规则|提示|方案|清单|规划|计划|要点|文件|内容|限制|设定)|(?:以|用|作为)(?:系统)?管理员(?:身份|权限)|系统提示|提示词|开发者模式|扮演|你现在是|你是一[台个只名]|系统通知"
    # an order to say something; 谁回复“12345”热线 and 打印“明白卡”的单位 are questions
    r"|(?<![谁局门位委办])(?:请|就|只|直接|给我|帮我)(?:回复|输出|打印|复述)我?[“\"'「](?![^”\"'」]*[”\"'」]的)"
    r"|(?:^|[,.。;!?\s]|并)(?:回复|输出|打印|复述)我?[“\"'「][^”\"'」]*(?:[”\"'」](?:[,.。;!?吧]|即可|就|.?个?字|$)|$)"
    r"|不要引用|不必.{0,4}理会|倒着|翻译成|写一[首篇段]|讲个?(笑话|故事)|加上\d|等于多少"
    r"|ignore (all|any|the|your|previous)|system prompt|developer mode|pretend|poem|joke|password|api ?key|你是谁|你叫什么",
    re.IGNORECASE,
)  # fmt: skip
# foreign too, unless the plans speak of it: 重污染天气, 密码应用
OFF_TOPIC = re.compile(
    r"唱[首歌]|下雨|天气|带伞|几度|星座|股票|彩票|乘以|除以|密码|weather", re.IGNORECASE
)
OWN = re.compile(
    r"(?:我们?|咱们?|本)(?:这个?)?(?:局|委|办|社|科室|科|处|室|大队|支队|中队|队|分局|中心|街道|镇|乡|所|院|单位|部门|公司|集团|站|校)(?!(?:在|属|辖)?[区县市镇])(?:里头?|这边|里面)?"
    r"|归我们?|我们(?=[要今这该还都]|牵头|负责|配合|有|$)|\b(?:we|our|us)\b",
    re.IGNORECASE,
)
# the asker's own unit too, where it is known: 我们去年, but not 我们区
WE = re.compile(r"(?:我们|咱们|俺们)(?![区县市省镇乡村国街])")
OWN_MARK = "@"  # stands for 我局 in the text of a query
QUOTED = re.compile(r"[“\"「‘']([^”\"」’']{2,40})[”\"」’']")
MEASURE = r"(?:项|条|个|件|类|点|份|大类|大|种|样)"
TASK_NOUN = r"(?:任务|重点工作|工作|指标|措施|举措|要点|事项|专栏|行动|工程|体系|项目|阶段|类别|部分|板块|领域|职责|条款|条目|事情?(?![故业务项件])|活儿?(?!动))"
# 哪几项 asks for a list, 这几项 for nothing
HOW_MANY = r"(?:多少|(?<![哪这那前])几)"
COUNTING = re.compile(
    rf"(?:共|总共|一共|合计|分为|各?是|有|列|列了|包括|其中)?{HOW_MANY}{MEASURE}(?:重点|主要|具体|专项|约束性|预期性)?{TASK_NOUN}?(?=[^\u4e00-\u9fff]|$|是|的|呢|吗|谁|为|要|责任|到期|由|$)"
    rf"|{TASK_NOUN}(?:一共|总共|共|分别|各)?(?:有|是)?{HOW_MANY}{MEASURE}|有几{MEASURE}$|(?:一共|总共|共计)(?:有|列|列出|提出)?了?{HOW_MANY}[项条]|(?<![哪这那前])几{MEASURE}$|{TASK_NOUN}(?:更|最)?多(?!少)|how many (?:tasks|indicators|items|points|stages)",
    re.IGNORECASE,
)  # fmt: skip
SECTIONS = re.compile(
    r"(?:多少|几|哪些|哪几|哪[两二三四五六七八九十\d]+)(?:个|大|类|项)*(?:重点|专项)?(?:行动|类别|部分|板块|领域|章|大类|方面)|按.{0,8}(?:一栏|栏目|栏)|专栏(?:分别|都)?(?:是|有)?(?:哪|什么|啥)|\d个专栏"
)
LISTING = re.compile(
    r"哪些|那些|哪[两二三四五六七八九十\d]|哪几|哪一项|哪项|哪条|有哪|都有啥|啥活|什么活|哪样|职责|干什么|干啥|做什么|负责什么|管什么|管哪|任务清单|列出|列一下|有什么任务|有啥任务|交哪|哪个指标|全部任务|所有任务|什么任务|是什么\?*$|分别是什么|(?:负责|管|承担|干|做|弄|搞|参与|配合|牵头)(?:些|的)?(?:是)?(?:什么|啥)|有[啥什]么?\W*$|是指|指什么|指的是|指哪"
    r"|\b(?:which|what|show(?: me)?|give me)(?: \w+){0,2} (?:tasks|items|indicators|targets|measures|duties)|\blist\b|what (?:are|does)|responsibilities of",
    re.IGNORECASE,
)  # fmt: skip
DUE = re.compile(
    r"到期|了结|交差|收尾|干完|要完的|要办结|截止|期满|期限的|写明时限|明确期限|要开展|要推进|要落实|要交|交账|月底交|该交|要完成|需完成|应[当该]?(?:已经?)?完成|完成的|要达标|未完成|逾期|过期|超期|falls? due|\bdue\b|overdue|deadlines?|must be (?:done|finished|completed)|to be (?:done|finished|completed) by",
    re.IGNORECASE,
)
OVERDUE = re.compile(
    r"(是不是|是否|有没有|算不算|已经?).{0,12}(过了?期|逾期|到期|超期|过了?.{0,2}期限|过时)|(过期|逾期|到期|超期)了?(吗|没有|没|么)|is .* overdue",
    re.IGNORECASE,
)
LATE = re.compile(r"逾期|过期|超期|已经?到期|过了期|过了没|overdue", re.IGNORECASE)
# said of rows, 已经过期的, and not of what they speak of, 过期食品
LATE_SAID = re.compile(
    rf"(?:已经?|都|早就?)*(?:逾期|过期|超期|到期|过了期)(?:未完成|没完成|了)?(?=的?{TASK_NOUN}|的?[有是]|的?(?:[,.?!]|$)|[没吗])"
)
# a row's state; “逾期未完成” is about days, “需完成” about what is to be done
UNDONE = re.compile(
    r"(?:还|尚|都)?(?:未|没有?)(?:被|能)?(?:办结|完成|销号|办完|做完|干完|结项)(?:的|了)?"
    r"|(?:is|are|was|were)?\s*(?:not (?:yet )?(?:done|completed|finished)(?: yet)?|unfinished)",
    re.IGNORECASE,
)
DONE = re.compile(
    r"(?<!应)(?<!需)(?<!要)(?<!应当)(?<!应该)(?:已经?|都)(?:被)?(?:办结|完成|销号|办完|做完|干完|结项)(?:的|了)?"
    r"|(?:办结|完成|销号|办完|做完|干完)了(?!多少|几)"
    r"|(?:is|are|been|already) (?:done|completed|finished)(?: already)?",
    re.IGNORECASE,
)
ASKS_STATE = re.compile(rf"(?:[吗没的]|{TASK_NOUN}|没有)\W*$")
WHICH_PLANS = re.compile(
    r"(哪几?(?:份|个|些|部|地)|哪里的|哪几个地方|哪些地方|几份).{0,8}(文件|方案|计划|规划|清单|地方|地区|区县|地).{0,10}(提|写|有|含|涉及|规定|要求|搞)|哪(?:几|[两二三四五])?[份部](?!分)[里中都]*(?:分别)?(?:提|写|有|含|涉及|规定|要求|搞)|which (?:of the )?(?:plans|documents)",
    re.IGNORECASE,
)
REPORT = re.compile(
    r"报送(?!部门|单位)|上报|报给|交给|要交什么|交什么|报什么|报哪些|材料|进展.{0,4}(?:报|交)|submit|report to",
    re.IGNORECASE,
)
GREETING = re.compile(
    r"(?:你好|您好|hi|hello|在吗|谢谢|多谢|早上好|下午好|帮助|help|怎么用|你会什么|你能做什么)[!！。.?？~～]*",
    re.IGNORECASE,
)
RANK = re.compile(
    r"(?:哪个|哪家|哪一[个家]|哪几[个家]|哪些|什么)(?:责任|牵头|配合)?(?:单位|部门|局|家).{0,14}最[多少重轻]"
    r"|(?:牵头|负责|配合|参与|承担|任务|压力|担子).{0,8}最[多少重轻]的?(?:是|为)?(?:的?是)?(?:哪|谁|什么|单位|部门|局)"
    r"|谁.{0,10}(?:任务|活|事|牵头|负责|配合|担子|压力).{0,6}最[多少重轻]"
    r"|(?:各|每一?个)(?:责任|牵头|配合)?(?:单位|部门|局)(?:各|分别|都)*(?:牵头|负责|配合|承担|参与|有)?了?(?:多少|几)(?:项|条|个|件)"
    r"|(?:who|which (?:unit|bureau|department|agency|body))\b.{0,40}\b(?:most|fewest)\b",
    re.IGNORECASE,
)
UNITS_COUNTED = re.compile(
    rf"{HOW_MANY}(?:个|家)?(?:责任|牵头|配合|成员|参与)?(?:单位|部门)(?!.{{0,4}}(?:共同|联合|一起))"
    r"|(?:(?:责任|牵头|配合|成员)单位|(?:单位|部门)(?:一共|总共|都))(?:一共|总共|共|合计)?(?:有|是)?(?:多少|几)[个家]|how many(?: \w+){0,3} (?:units|bureaus|departments|agencies)",
    re.IGNORECASE,
)
RANK_SECTIONS = re.compile(
    r"(?:哪个|哪一[个项]|哪类|什么)(?:重点|专项|主要)?(?:行动|类别|部分|板块|领域|章|方面|项目|工程|专栏|体系).{0,10}最[多少]"
    r"|(?:任务|工作|指标|措施|事项)最[多少]的(?:是)?(?:哪|什么)?(?:个|一个|项|一项)?(?:行动|类别|部分|板块|领域|方面|项目|工程|专栏|体系)"
)
# which units or targets a plan has, all of them
UNITS = re.compile(
    r"(?:涉及|有)(?:了)?哪些(?:责任|牵头|配合)?(?:单位|部门)|(?:责任|牵头|配合)?(?:单位|部门)(?:一共|总共|都)?有哪些"
    r"|(?:which|what|list|show)(?: \w+){0,3} (?:units|bureaus|departments|agencies)\b",
    re.IGNORECASE,
)
TARGETS = re.compile(
    r"哪[些几]\S{0,3}(?:目标(?!任务)|指标)|(?:目标|指标)(?:分别|都|一共)?(?:有|是)哪[些几]"
    r"|(?:which|what|list|show)(?: \w+){0,3} (?:targets|indicators)\b",
    re.IGNORECASE,
)
ON_FILE = re.compile(
    r"(?:收录|录入|读入|库里|系统里|手头|目前|现在|你|这里).{0,6}(?:有|了).{0,4}(?:哪些|哪几|几[个份]|多少|什么)(?:个|份)?(?:工作)?(?:方案|计划|文件|规划|清单|资料)"
    r"|(?:有|收录)(?:了)?(?:哪些|哪几[个份]|几[个份])(?:方案|计划|文件|规划)[?？]?$|which plans (?:are|do you)|what plans",
    re.IGNORECASE,
)  # fmt: skip
NEXT = re.compile(
    r"(下|上|前|后)(?:一个?|个)(阶段|步骤|步|项|条|行动)|(下|上)(?:阶段|步骤)|(?:阶段|步骤)(?:之后|以后|后面|之前|以前|前面)(?:是|进入|的是?)(?:什么|哪个?|哪一个)(?:阶段|步骤)?|next (stage|phase|step)|(previous) (stage|phase)",
    re.IGNORECASE,
)
ROW_NUMBER = re.compile(
    r"第([0-9]{1,3}|[一二三四五六七八九十百]{1,5})(?:项|条|点)(?:任务|工作|措施)?(?:的?(?:原文|内容|全文))?"
)
ROW_NUMBER_ENGLISH = re.compile(
    r"\b(?:task|item|point|row)(?: (?:no|number)\.?)? ?#?([0-9]{1,3})\b", re.IGNORECASE
)
NUMBER = re.compile(
    r"多少|(?:(?<!哪)几|哪几(?![位家]))(?!乎|月|号|日|时(?!间)|点(?!要求))|百分之|目标(?!任务|的?含义|都?是?指)|指标值|率\?*$|数量|比例|占比|权重|达标|(?:电话|联系方式|手机号码?|邮箱|传真|网址|地址)(?:号码)?(?:是|在|呢|[?？]|$)|how (?:many|much)|percentage|what (?:rate|share|proportion|percent)|target|\b(?:tele)?phone\b|\be-?mail\b|\baddress(?= of| is|\W*$)",
    re.IGNORECASE,
)
WHO = re.compile(
    r"谁|哪个?(?:单位|部门|局|家|科室)|哪些(?:单位|部门)|哪几个(?:单位|部门)|什么(?:单位|部门)|哪几家|由哪|责任单位|牵头单位|牵头还是|配合单位|找哪|\bwho\b|which (?:unit|bureau|department|agency|office|body)|responsible for|in charge",
    re.IGNORECASE,
)
WHEN = re.compile(
    r"什么时候|几时|几号|最晚|最迟|啥时|何时|时限|期限|多久|哪天|哪一天|哪年|哪一年|几月|时间要求|时间节点|截止|时间表|什么时间|完成时间|从什么时候|时间是|\bwhen\b|by what date|deadline|on what date|what date",
    re.IGNORECASE,
)
AGAIN = re.compile(r"每(?:学期|季度|季|半年|个?月|周|年|[天日])")
EVERYTHING = re.compile(
    rf"(?:所有|全部|完整)的?(?:重点|主要)?{TASK_NOUN}|\ball (?:the )?(?:tasks|indicators|items)",
    re.IGNORECASE,
)
COMPARE = re.compile(
    r"分别|各自|各是|各怎么|各有|各安排|不同|区别|相比|比较|对比|谁更|哪个更|各|(?:任务|工作|指标|事项)(?:更|最)?多(?!少)"
)
PLAN = re.compile(
    r"(?:根据|依据|按照).{0,10}(?:文件|什么|哪).{0,12}(?:制定|编制|出台|印发)|(?:制定|编制|出台).{0,6}(?:依据|根据)|发文(?:单位|机关|字号|日期)|文号|成文日期|印发(?:日期|时间|单位)"
    r"|(?:谁|哪个单位|什么单位|哪里|什么时候|何时|哪天|(?:哪一?年)?哪一?[年月日])(?:制定|印发|发布|发|出台)的|(?:哪一?年)?哪一?[年月天日](?:印发?|发布|发文|下发|出台)的?\W*$|(?:执行|有效|管用|适用)(?:到|至)(?:几时|什么时候|啥时候|何时|哪[一年月天日]+|几[年月号])|(?:方案|规划|文件|要点|清单|计划)(?:的)?(?:全称|名称|标题|有效期|执行期|期限)|执行期|有效期"
    r"|(?:方案|规划|文件|要点|清单|计划|通知|一览表|分工表).{0,6}(?:哪一?天|什么时候|啥时候|何时|几号|几月|几时).{0,4}(?:印|发|公布|发布|下发)"
    r"|document number|who issued|when was .{0,30}issued|issued by|when (?:does|will|did) (?:the|this) plan (?:end|expire|start|begin)|what is (?:the|this) plan (?:about|called|for)|title of (?:the|this) plan",
    re.IGNORECASE,
)  # fmt: skip
FOLLOW = re.compile(
    r"^(那|那么|它|其中|这|该|此|还有|另外|and\b|then\b|what about)|呢[?？]?$|它的|这个|这项|那个|里面|其中",
    re.IGNORECASE,
)
UNIT_LIKE = re.compile(
    r"(?:[市区县省]|[\u4e00-\u9fff]{2,3}[市区县])?[\u4e00-\u9fff]{2,10}?(?:局|委员会|办公室|管委会|分局|支队|大队|集团|协会)(?![\u4e00-\u9fff]{0,1}部)"
)

# what says nothing of its own: a question of these alone asks for rows, not for something in them
GENERAL = frozenset(
    """
    工作要点 要点 重点任务 主要任务 任务清单 清单 分工表 指标表 主要指标表
    重点任务分工表 任务分工表 重点工作 具体 措施 具体措施 日期 明确 活 已经 截至 已经过期 过期 已过期 逾期 没有
    还没 交差 了结 收尾 要干完 要完 表 任务 指标 主要 主要指标 食品安全 重点 约束性
    预期性 约束性指标 预期性指标 专栏 期末 阶段 条款 序号 省级 所有 全部 task tasks
    falls 到期 开展 推进 落实 配合 负责 截止 部门 局 牵头 单位 牵头单位 责任单位 配合单位 项 完成 item items indicator indicators bureau
    """.split()
)
# words of questions that no plan need hold; they are not slips
EVERYDAY = tuple(
    """
    什么时候 完成 哪些 多少 单位 任务 负责 牵头 目标 到期 本月 今年 年底 期限 我们 咱们
    分别 一共 要求 指标 哪个 是不是 有没有 怎么 如何 时间 为什么 规定 现在 目前 工作
    职责 哪几 几项 几条 几家 几个 我局 我单位 本单位 我们局 应当 需要 可以 得到 具体
    什么 时限 达到 百分之 多少家 由谁 谁管 谁来 打造 那个 这个 活儿 还有 要交 明确
    下个月 上个月 季度 上半年 下半年 每年 全年 多少个单位 几个单位 多少个部门 几个部门
    """.split()
)
