"""The day of a festival or remembrance day in a given year, by the names that people use."""

from datetime import date, timedelta

from corpus.lunar import SOLAR_TERMS, lunar_date, lunar_month, solar_term

_FIXED = {
    "元旦": (1, 1), "元旦节": (1, 1), "新年": (1, 1), "阳历新年": (1, 1),
    "情人节": (2, 14),
    "女生节": (3, 7), "妇女节": (3, 8), "三八节": (3, 8), "三八妇女节": (3, 8), "植树节": (3, 12),
    "消费者权益日": (3, 15), "国际消费者权益日": (3, 15), "三一五": (3, 15), "3·15": (3, 15), "世界水日": (3, 22), "愚人节": (4, 1),
    "国家安全教育日": (4, 15), "世界地球日": (4, 22), "世界读书日": (4, 23),
    "五一": (5, 1), "五一节": (5, 1), "劳动节": (5, 1), "五一劳动节": (5, 1), "国际劳动节": (5, 1),
    "五一国际劳动节": (5, 1), "五四": (5, 4), "青年节": (5, 4), "五四青年节": (5, 4),
    "防灾减灾日": (5, 12), "护士节": (5, 12),
    "六一": (6, 1), "儿童节": (6, 1), "六一儿童节": (6, 1), "国际儿童节": (6, 1),
    "世界环境日": (6, 5), "六五环境日": (6, 5), "全国爱眼日": (6, 6), "国际禁毒日": (6, 26),
    "七一": (7, 1), "建党节": (7, 1), "七一建党节": (7, 1),
    "八一": (8, 1), "建军节": (8, 1), "八一建军节": (8, 1), "教师节": (9, 10),
    "香港回归纪念日": (7, 1), "澳门回归纪念日": (12, 20), "国庆": (10, 1), "国庆节": (10, 1), "十一国庆节": (10, 1), "烈士纪念日": (9, 30),
    "万圣节": (10, 31), "消防日": (11, 9), "119消防日": (11, 9), "消防宣传日": (11, 9),
    "光棍节": (11, 11), "双十一": (11, 11), "双11": (11, 11), "双十二": (12, 12), "双12": (12, 12),
    "宪法日": (12, 4), "国家宪法日": (12, 4), "交通安全日": (12, 2), "国家公祭日": (12, 13),
    "平安夜": (12, 24), "圣诞": (12, 25), "圣诞节": (12, 25),
}  # fmt: skip
_LUNAR = {
    "春节": (1, 1), "大年初一": (1, 1), "农历新年": (1, 1), "元宵": (1, 15), "元宵节": (1, 15),
    "龙抬头": (2, 2), "端午": (5, 5), "端午节": (5, 5), "七夕": (7, 7), "七夕节": (7, 7),
    "中元节": (7, 15), "中秋": (8, 15), "中秋节": (8, 15), "重阳": (9, 9), "重阳节": (9, 9),
    "腊八": (12, 8), "腊八节": (12, 8),
}  # fmt: skip
_NTH_WEEKDAY = {
    "母亲节": (5, 6, 2),
    "父亲节": (6, 6, 3),
    "感恩节": (11, 3, 4),
}  # month, Monday = 0, n
_EVE = {"除夕", "大年三十", "年三十"}

NAMES = sorted(
    {*_FIXED, *_LUNAR, *_NTH_WEEKDAY, *_EVE, *SOLAR_TERMS, "清明节", "冬至节"},
    key=len,
    reverse=True,
)  # the longest first, so that a pattern made of them takes the longest


def nth_weekday(year: int, month: int, weekday: int, n: int) -> date | None:
    """The n-th such weekday (Monday = 0) of a month, or the last one for n = -1; None if there is none."""
    first = date(year, month, 1)
    days = [first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * i) for i in range(5)]
    days = [day for day in days if day.month == month]
    return days[-1] if n == -1 else days[n - 1] if 1 <= n <= len(days) else None


def fixed_day(name: str) -> tuple[int, int] | None:
    """Month and day of a festival of the solar calendar; None where it moves from year to year."""
    return _FIXED.get(name)


def weekday_of_month(name: str) -> tuple[int, int, int] | None:
    """Month, weekday (Monday = 0) and which one, of a festival like 母亲节; None for others."""
    return _NTH_WEEKDAY.get(name)


def festival(name: str, year: int) -> date | None:
    """The day of `name` in `year`; 春节 and 除夕 belong to the year that 春节 falls in."""
    if name in _FIXED:
        return date(year, *_FIXED[name])
    if name in _LUNAR:
        return lunar_date(year, *_LUNAR[name])
    if name in _NTH_WEEKDAY:
        return nth_weekday(year, *_NTH_WEEKDAY[name])
    if name in _EVE:
        first = lunar_month(year, 1)
        return first[0] - timedelta(days=1) if first else None
    term = name.removesuffix("节")
    return solar_term(year, term) if term in SOLAR_TERMS else None
