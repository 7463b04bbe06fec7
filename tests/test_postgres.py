"""The whole product on PostgreSQL: serve, ask, take in, preview, be killed and go on."""

import json
from pathlib import Path

from serving import Serving, duban, said

PLAN = """2023年丙县义务教育优质均衡发展工作要点

序号\t工作任务\t具体措施\t责任单位\t完成时限
1\t新改扩建学校\t新改扩建中小学9所，新增学位6300个。\t县教育局牵头，县财政局配合\t2023年8月底前
2\t校园安防\t一键报警装置配备率达到100%。\t县公安局\t2023年6月30日前
"""


def test_a_story_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    home = tmp_path / "pg" / "home"
    home.parent.mkdir()
    file = home.parent / "要点.txt"
    file.write_text(PLAN, encoding="utf-8")
    on = {"database_url": postgres_url}
    # alone, on an empty database: the shipped plans are taken in
    assert said(duban(home, "plans", "list", **on)).count("第1版") == 5
    with Serving(home, "--at", "2023-05-01", **on) as serving:
        read = said(duban(home, "ingest", file, "--plan", "schools", "--publish", **on))
        assert "任务2项" in read
        assert "6300个" in said(duban(home, "ask", "新增学位多少个？", "--plan", "schools", **on))
        assert "90%" in said(duban(home, "ask", "乐清12315热线接通率要达到多少？", **on))
        span = ("--from", "2023-06-01", "--to", "2023-08-31")
        reminders = json.loads(
            said(duban(home, "reminders", "preview", *span, "--plan", "schools", "--json", **on))
        )
        found = {(one["unit"], one["due"]) for one in reminders}
        assert {("县教育局", "2023-08-31"), ("县公安局", "2023-06-30")} <= found
        serving.kill()
    with Serving(home, "--at", "2023-05-01", **on) as again:
        assert "没有变化" in said(duban(home, "ingest", file, "--plan", "schools", **on))
        assert again.end() == 0
    assert "Traceback" not in again.log()
    assert not (home / "duban.sqlite3").exists()
