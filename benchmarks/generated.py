"""Plans of a hundred rows each, made up as local governments write them, and questions about them."""

import random
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rag.question import Question

ROWS = 100
PLACES = (
    "清水县 白石区 云岭市 青川县 东湖区 南屏县 长桥市 临江区 大田县 双溪县 "
    "石门区 金沙县 平川市 望山县 河口区 新安县 柳林县 沙洲市 高岭区 花园县"
).split()
YEARS = (2021, 2022, 2023, 2024, 2025)
# a field: what is to be done with what, measured how, and by whom
FIELDS = {
    "河长制": (
        "河道清淤 水质监测断面 排污口整治 河湖岸线 巡河 小微水体 取水许可 节水型企业 生态护岸 水库除险加固 河长公示牌 黑臭水体",
        "达标率 巡查率 整改率 优良比例", "水利局 生态环境局 住建局 农业农村局 自然资源局 交通运输局",
    ),
    "消防安全": (
        "高层建筑检测 电动车充电端口 消防水源 微型消防站 养老机构排查 九小场所 消防通道 消防演练 独立式烟感 沿街商铺 大型综合体 厂房仓库",
        "完好率 覆盖率 整改率 持证率", "消防救援大队 住建局 民政局 商务局 公安局 应急管理局",
    ),
    "文明城市创建": (
        "背街小巷改造 公益广告 志愿服务站 文明劝导 农贸市场提升 公共厕所 停车泊位 小区环境 窗口服务 校园周边 楼道堆物 非机动车管理",
        "满意度 知晓率 达标率 注册率", "文明办 综合行政执法局 市场监管局 卫生健康局 教育局 公安局",
    ),
    "安全生产": (
        "危化品企业检查 矿山治理 燃气管网改造 特种设备检验 施工工地巡查 道路隐患点 应急预案演练 从业人员培训 粉尘涉爆企业 有限空间作业 仓储物流 旅游景区",
        "检查覆盖率 整改率 检验率 合格率", "应急管理局 经济和信息化局 住建局 交通运输局 市场监管局 文化和旅游局",
    ),
    "教育提质": (
        "校舍改造 普惠性幼儿园 课后服务 教师培训 心理健康辅导 智慧教室 体育场地 食堂提升 控辍保学 特殊教育资源教室 研学基地 劳动实践",
        "覆盖率 合格率 参与率 达标率", "教育局 财政局 人力资源和社会保障局 卫生健康局 共青团 住建局",
    ),
}  # fmt: skip
VERBS = ("开展", "完成", "推进", "组织", "落实")
AREAS = "城东片区 城西片区 城南片区 城北片区 老城片区 开发区 高新园区 沿江片区 山区乡镇 平原乡镇".split()
COUNTED = ("处", "个", "项", "家", "次")


@dataclass(frozen=True, slots=True)
class Made:
    """A plan that was made up, and questions that it answers."""

    plan_id: str
    title: str
    questions: tuple[str, ...]
    day: date

    def ask(self, n: int, everywhere: bool) -> Question:
        """Its n-th question, in the chat of this plan or in one that sees all."""
        text = self.questions[n % len(self.questions)]
        if everywhere:
            return Question(f"《{self.title}》中，{text}", self.day)
        return Question(text, self.day, (self.plan_id,))


def make(n: int, folder: Path) -> tuple[Made, Path]:
    """The n-th plan, the same every time, and its file."""
    chance = random.Random(n)
    place = PLACES[n % len(PLACES)]
    field = list(FIELDS)[n // len(PLACES) % len(FIELDS)]
    year = YEARS[n // (len(PLACES) * len(FIELDS)) % len(YEARS)]
    things, measures, units = (words.split() for words in FIELDS[field])
    level = place[-1]
    title = f"{place}{year}年{field}工作任务清单"
    lines = [title, "", "序号\t工作任务\t具体措施\t责任单位\t完成时限"]
    asked = []
    for no in range(1, ROWS + 1):
        thing, area = things[no % len(things)], AREAS[no // len(things) % len(AREAS)]
        measure, month = chance.choice(measures), chance.randint(2, 12)
        count, share = chance.randint(2, 900), chance.randint(60, 99)
        lead, other = chance.sample(units, 2)
        lines.append(
            f"{no}\t{area}{thing}\t{chance.choice(VERBS)}{area}{thing}{count}{chance.choice(COUNTED)}，"
            f"建立台账，逐项销号，{thing}{measure}达到{share}%以上。"
            f"\t{level}{lead}牵头，{level}{other}配合\t{year}年{month}月底前"
        )
        if no % 25 == 1:
            asked += [
                f"{area}{thing}{measure}要达到多少？", f"{area}{thing}由谁牵头？",
                f"{area}{thing}什么时候完成？", f"{level}{lead}牵头哪些任务？",
                f"{year}年{month}月到期的任务有哪些？",
            ]  # fmt: skip
    path = folder / f"plan-{n}.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Made(f"made-{n}", title, tuple(asked), date(year, 1, 15)), path
