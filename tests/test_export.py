"""A plan's ledger as a workbook, a csv and a calendar, read back by others' readers."""

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import icalendar
import openpyxl
import pytest
from fire_plan import FIRST, HEAD, SECOND, take
from sqlalchemy import Engine

from bot.core import Core
from bot.verbs import correcting, plans
from config.clock import Clock
from config.errors import UserError
from config.settings import Settings
from config.workdays import Workdays
from rag.lexical import ensure


@pytest.fixture
def core(engine: Engine, clock: Clock, tmp_path: Path) -> Core:
    ensure(engine)
    return Core(Settings(), clock, engine, Workdays(tmp_path))


def exported(core: Core, format: str) -> str:
    (text,) = plans.plans_export(core, id="xiaofang", format=format)
    return text


def timings(core: Core, plan: str) -> list[dict[str, object]]:
    (text,) = plans.plans_export(core, id=plan)
    return [timing for task in json.loads(text)["tasks"] for timing in task["timings"]]


def workbook(core: Core, folder: Path) -> openpyxl.Workbook:
    path = folder / "台账.xlsx"
    (said,) = plans.plans_export(core, id="xiaofang", format="xlsx", output=str(path))
    assert str(path) in said
    return openpyxl.load_workbook(path)


def test_a_workbook_is_laid_out_for_print(core: Core, engine: Engine, tmp_path: Path) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    sheet = workbook(core, tmp_path)["任务台账"]
    assert sheet["A1"].value == "2022年甲县消防安全整治工作方案\n任务台账"
    heads = [cell.value for cell in sheet[3]]
    assert heads == [
        "序号",
        "任务",
        "具体措施",
        "牵头（责任）单位",
        "配合单位",
        "完成时限",
        "到期日",
        "指标",
    ]
    assert "A1:H1" in {str(area) for area in sheet.merged_cells.ranges}
    assert [cell.value for cell in sheet[5]] == [
        "2", "电动车充电设施", "新建智能充电端口600个。", "县住建局", "县供电公司", "2022年12月底前", "2022-12-31", "新建智能充电端口600个",
    ]  # fmt: skip
    assert sheet.freeze_panes == "B4"
    assert sheet.print_title_rows == "$3:$3"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage  # one page wide, as many as it takes long
    assert sheet.page_setup.fitToHeight == 0
    assert all(cell.alignment.wrap_text for cell in sheet[4])


def test_sections_are_one_cell_and_rows_are_high_enough(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    head = HEAD.replace("序号\t", "序号\t工作内容\t")
    long = "对" + "全县高层住宅、" * 60 + "开展检测。"
    text = head + "".join(
        f"{n}\t{section}\t任务{n}\t{words}\t县应急局\t2022年6月底前\n"
        for n, (section, words) in enumerate(
            [("源头治理", long), ("源头治理", "短。"), ("能力提升", "短。")], 1
        )
    )
    take(engine, tmp_path, text, publish=True)
    sheet = workbook(core, tmp_path)["任务台账"]
    assert "B4:B5" in {str(area) for area in sheet.merged_cells.ranges}
    assert [sheet[f"B{n}"].value for n in (4, 5, 6)] == ["源头治理", None, "能力提升"]
    heights = [sheet.row_dimensions[n].height for n in (4, 5, 6)]
    assert heights[0] > 150
    assert heights[2] < 40


def test_no_cell_is_a_formula(core: Core, engine: Engine, tmp_path: Path) -> None:
    text = HEAD + '1\t=HYPERLINK("http://x")\t=1+1，新建20个。\t县应急局\t2022年6月底前\n'
    take(engine, tmp_path, text, publish=True)
    sheet = workbook(core, tmp_path)["任务台账"]
    assert {cell.data_type for row in sheet.iter_rows(min_row=4) for cell in row} <= {"s", "n"}
    assert sheet["C4"].value == "=1+1，新建20个。"
    assert "'=1+1" in exported(core, "csv")


def test_every_shipped_plan_has_all_its_rows_in_its_sheets(home: Path, tmp_path: Path) -> None:
    core = Core.open(Settings(home=home))
    try:
        for plan in json.loads(next(plans.plans_list(core, json=True))):
            path = tmp_path / "one.xlsx"
            list(plans.plans_export(core, id=plan["id"], format="xlsx", output=str(path)))
            book = openpyxl.load_workbook(path)
            assert sum(sheet.max_row - 3 for sheet in book) == plan["tasks"]
            (text,) = plans.plans_export(core, id=plan["id"], format="csv")
            assert len(list(csv.reader(io.StringIO(text)))) == plan["tasks"] + 1
            (text,) = plans.plans_export(core, id=plan["id"], format="ics")
            events = icalendar.Calendar.from_ical(text).walk("VEVENT")
            assert len({str(event["uid"]) for event in events}) == len(events)
            dated = sum(
                t["due"] is not None and t["kind"] != "recurring" for t in timings(core, plan["id"])
            )
            assert len(events) >= dated
    finally:
        core.close()


def test_a_csv_opens_in_excel(core: Core, engine: Engine, tmp_path: Path) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    text = exported(core, "csv")
    assert text.startswith("\ufeff类别,序号,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[1]["配合单位"] == "县供电公司"
    assert [row["到期日"] for row in rows] == ["2022-11-30", "2022-12-31", "2022-09-30"]


def test_a_calendar_holds_due_days_with_alarms(core: Core, engine: Engine, tmp_path: Path) -> None:
    text = FIRST + "4\t信息报送\t每月5日前报送整治进展。\t各乡镇\t每月5日前\n"
    take(engine, tmp_path, text, publish=True)
    content = exported(core, "ics") + "\n"
    assert all(line.endswith("\r") for line in content.removesuffix("\n").split("\n"))
    events = icalendar.Calendar.from_ical(content).walk("VEVENT")
    by_name = {str(event["summary"]): event for event in events}
    one = by_name["第2项 电动车充电设施"]
    assert one.decoded("dtstart") == date(2022, 12, 31)
    assert one.decoded("dtend") == date(2023, 1, 1)
    assert "责任单位：县住建局（牵头）、县供电公司（配合）" in one["description"]
    assert [alarm.decoded("trigger") for alarm in one.walk("VALARM")] == [
        timedelta(days=-7, hours=9), timedelta(days=-1, hours=9),
    ]  # fmt: skip
    monthly = next(event for event in events if "rrule" in event)
    assert monthly["rrule"]["BYMONTHDAY"] == [5]
    assert monthly.decoded("dtstart").day == 5


def test_a_calendar_entry_keeps_its_name_over_versions(
    core: Core, engine: Engine, tmp_path: Path
) -> None:
    def entries() -> dict[str, tuple[str, date, int]]:
        events = icalendar.Calendar.from_ical(exported(core, "ics")).walk("VEVENT")
        return {
            str(e["uid"]): (str(e["summary"]), e.decoded("dtstart"), e["sequence"]) for e in events
        }

    take(engine, tmp_path, FIRST, publish=True)
    before = entries()
    take(engine, tmp_path, SECOND, publish=True)
    after = entries()
    moved = {(before[uid][1:], after[uid][1:]) for uid in before.keys() & after.keys()}
    assert moved == {
        ((date(2022, 11, 30), 1), (date(2022, 12, 15), 2)),
        ((date(2022, 9, 30), 1), (date(2022, 9, 30), 2)),
    }


def test_a_correction_is_exported_and_marked(core: Core, engine: Engine, tmp_path: Path) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    list(correcting.plans_correct(core, id="xiaofang", row="2", values={"due": "2022-11-11"}))
    sheet = workbook(core, tmp_path)["任务台账"]
    row = [cell.value for cell in sheet[5]]
    assert "2022年12月底前（更正为2022年11月11日）" in row
    assert "2022-11-11" in row
    assert row[-1] == "有更正"


def test_what_cannot_be_written_is_said(core: Core, engine: Engine, tmp_path: Path) -> None:
    take(engine, tmp_path, FIRST, publish=True)
    for format, output, words in (
        ("docx", None, "不能导出 docx，可用：json、csv、ics、xlsx"),
        ("xlsx", None, "--output"),
        ("xlsx", str(tmp_path / "missing" / "a.xlsx"), "写不了"),
        ("csv", str(tmp_path / "missing" / "a.csv"), "写不了"),
    ):
        with pytest.raises(UserError, match=words):
            list(plans.plans_export(core, id="xiaofang", format=format, output=output))
    path = tmp_path / "a.json"
    list(plans.plans_export(core, id="xiaofang", format="json", output=str(path)))
    assert json.loads(path.read_text(encoding="utf-8"))["plan_id"] == "xiaofang"
