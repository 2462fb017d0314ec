"""Writes a sample hospital export: what a reproductive centre and a transplant centre would hand over, mess included.

    python -m sample.make_sample [FOLDER] [--today 2026-11-20]

Everything in it is invented. Dates count back from `today`, so that some patients are due for follow-up on that day.
Phone numbers begin with 154, which has the form of a mobile number but belongs to no operator. README.md lists the
mistakes planted on purpose.
"""

import argparse
import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from openpyxl import Workbook

SEED = 154
REPRODUCTIVE = 96
TRANSPLANT = 24
VISITS = 10
DAYS_BETWEEN_VISITS = 14

SURNAMES: tuple[str, ...] = (*"陈林黄李张王刘杨吴周徐许郑谢何罗梁宋叶苏卢蔡邓潘温", "欧阳", "上官")
GIVEN_FEMALE = (
    "美玲",
    "晓燕",
    "秋月",
    "思琪",
    "雅文",
    "静怡",
    "婉君",
    "嘉欣",
    "惠",
    "岚",
    "若兰",
    "小芬",
    "玉珍",
    "梦洁",
)
GIVEN_MALE = (
    "志强",
    "建国",
    "文斌",
    "俊豪",
    "永康",
    "伟东",
    "浩然",
    "国栋",
    "凯",
    "锐",
    "家明",
    "立群",
    "子轩",
    "海生",
)
REGIONS = ("440103", "440106", "440111", "440305", "441900", "450103", "430104", "350203")
SITES = ("番禺院区", "越秀院区", "天河院区")
NOTES = ("", "", "", "", "只接下午电话", "听力不好，请发短信", "粤语", "异地患者，广西桂林")
STAGES = ("建档", "促排卵", "取卵", "冷冻保存")
# Days since the transfer: nothing due yet, due today (14, then 28, 42 and 56 as pregnancy +14, +28 and +42), overdue,
# long ago, after delivery.
TRANSFER_AGES = (5, 13, 14, 14, 14, 15, 28, 28, 42, 42, 56, 56, 30, 120, 282)
CONFIRMED_AFTER_DAYS = 14
ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECK = "10X98765432"
CRITICAL_POTASSIUM = 6.8
DRIFTING_EVERY = 6

PATIENT_COLUMNS = (
    "大病历号", "诊疗卡号", "姓名", "性别", "出生日期", "身份证号", "手机号", "配偶姓名", "配偶手机号", "院区", "科室",
    "治疗阶段", "语音随访同意", "备注",
)  # fmt: skip
CONTRACT_COLUMNS = ("合同号", "大病历号", "胚胎枚数", "冷冻日期", "到期日期", "年费(元)", "已缴至", "欠费(元)", "状态")
TRANSFER_COLUMNS = ("大病历号", "移植日期", "移植类型", "移植胚胎数", "妊娠结果", "妊娠确认日期")
RESULT_COLUMNS = (
    "大病历号", "标本号", "采样时间", "项目代码", "项目名称", "结果", "单位", "参考下限", "参考上限", "仪器标志",
)  # fmt: skip

Row = dict[str, str]
Cells = Sequence[str | int | float | datetime | None]


@dataclass
class Export:
    """The rows of the four files before they are written."""

    today: date
    chance: random.Random
    patients: list[Row] = field(default_factory=list)
    transfers: list[Cells] = field(default_factory=list)
    results: list[Cells] = field(default_factory=list)


def write_sample(folder: Path, today: date) -> None:
    """Writes the four files into a folder, the same ones for the same day."""
    folder.mkdir(parents=True, exist_ok=True)
    export = Export(today, random.Random(SEED))
    _fill(export)
    contracts = _contracts(export)
    _plant_mistakes(export.patients)
    _write_patients(folder / "patients.csv", export.patients)
    _write_contracts(folder / "storage_contracts.xlsx", contracts, today)
    _write_table(folder / "transfers.csv", "utf-8-sig", TRANSFER_COLUMNS, export.transfers)
    _write_table(folder / "lab_results.csv", "utf-8", RESULT_COLUMNS, export.results)


def _fill(export: Export) -> None:
    for number in range(1, REPRODUCTIVE + 1):
        # Two in three have had a transfer, so that the demo has people to call.
        transferred = number % 3 != 0
        export.patients.append(_reproductive(export, number, transferred=transferred))
        if transferred:
            export.transfers.append(_transfer(export, export.patients[-1], number))
    for number in range(1, TRANSPLANT + 1):
        export.patients.append(_transplant(export, number))
        export.results.extend(_visits(export, export.patients[-1], number))


def _reproductive(export: Export, number: int, *, transferred: bool) -> Row:
    chance = export.chance
    row = _person(export, f"F{310000 + number}", number, female=True, ages=(24, 43))
    if chance.random() > 0.15:
        row |= {"配偶姓名": _name(chance, female=False), "配偶手机号": _phone(chance)}
    stage = chance.choice(("移植", "验孕", "妊娠随访")) if transferred else chance.choice(STAGES)
    return row | {"科室": "生殖中心", "治疗阶段": stage}


def _transplant(export: Export, number: int) -> Row:
    row = _person(export, f"Y{520000 + number}", 1000 + number, female=number % 5 < 2, ages=(25, 64))
    stage = "等待移植" if number % 4 == 0 else "术后随访"
    return row | {"科室": "肾移植中心" if number % 2 else "肝移植中心", "治疗阶段": stage}


def _person(export: Export, record: str, number: int, *, female: bool, ages: tuple[int, int]) -> Row:
    chance = export.chance
    born = export.today - timedelta(days=chance.randrange(ages[0] * 365, ages[1] * 365))
    values = (
        record, str(8800000000 + number * 41), _name(chance, female=female), "女" if female else "男",
        _messy_date(chance, born), _identity(chance, born, female=female), _phone(chance), "", "",
        chance.choice(SITES), "", "", chance.choice(("是", "是", "是", "是", "是", "否")), chance.choice(NOTES),
    )  # fmt: skip
    return dict(zip(PATIENT_COLUMNS, values, strict=True))


def _transfer(export: Export, patient: Row, number: int) -> Cells:
    chance = export.chance
    age = TRANSFER_AGES[number % len(TRANSFER_AGES)]
    on = export.today - timedelta(days=age)
    known = age > CONFIRMED_AFTER_DAYS + 1
    pregnant = known and chance.random() < 0.75
    outcome = "" if not known else "妊娠" if pregnant else "未妊娠"
    confirmed = (on + timedelta(days=CONFIRMED_AFTER_DAYS)).isoformat() if pregnant else ""
    kind = chance.choice(("新鲜胚胎移植", "冷冻胚胎移植"))
    return patient["大病历号"], on.isoformat(), kind, chance.choice((1, 1, 2)), outcome, confirmed


def _visits(export: Export, patient: Row, number: int) -> list[Cells]:
    chance = export.chance
    rows: list[Cells] = []
    kidney = patient["科室"] == "肾移植中心"
    drifting = number % DRIFTING_EVERY == 1
    base = chance.uniform(80, 105) if kidney else chance.uniform(18, 34)
    for visit in range(VISITS):
        on = export.today - timedelta(days=(VISITS - 1 - visit) * DAYS_BETWEEN_VISITS + chance.randrange(3))
        at, sample = f"{on} {chance.randrange(7, 10):02d}:{chance.randrange(60):02d}", f"S{number:03d}{visit:02d}"
        organ = base * (1.07 ** max(0, visit - 4) if drifting else 1) * chance.uniform(0.95, 1.05)
        tacrolimus = chance.uniform(5.2, 9.0) * (0.94**visit if drifting else 1)
        potassium = CRITICAL_POTASSIUM if drifting and visit == VISITS - 1 else chance.gauss(4.3, 0.3)
        organ_item = ("CREA", "血肌酐", "μmol/L", 57, 111) if kidney else ("ALT", "丙氨酸氨基转移酶", "U/L", 9, 50)
        series = (
            (organ_item, f"{organ:.1f}", organ),
            (("FK506", "他克莫司血药浓度", "ng/mL", 5, 10), f"{tacrolimus:.1f}", tacrolimus),
            (("K", "血钾", "mmol/L", 3.5, 5.3), f"{potassium:.2f}", potassium),
        )
        for (code, title, unit, low, high), shown, value in series:
            text = "<1.0" if code == "FK506" and (number, visit) in {(3, 2), (10, 5)} else shown
            flag = "H" if value > high else "L" if value < low else ""
            rows.append((patient["大病历号"], sample, at, code, title, text, unit, low, high, flag))
    return rows


def _contracts(export: Export) -> list[list[str | int | float | datetime | None]]:
    chance, today = export.chance, export.today
    rows: list[list[str | int | float | datetime | None]] = []
    holders = [row for row in export.patients[:REPRODUCTIVE] if row["治疗阶段"] in {"冷冻保存", "妊娠随访", "移植"}]
    for number, patient in enumerate(holders):
        frozen = today - timedelta(days=chance.randrange(200, 2400))
        years = (today - frozen).days // 365
        owed = min(years, chance.choice((0, 0, 0, 1, 2, 3)))
        paid_until = date(frozen.year + years + 1 - owed, frozen.month, min(frozen.day, 28))
        fee = chance.choice((1800, 2400, 3600))
        state = "终止" if number % 19 == 18 else "欠费" if owed else "正常"
        rows.append([
            f"DC{260000 + number}", patient["大病历号"], chance.randrange(1, 9), _midnight(frozen),
            _midnight(paid_until), fee, paid_until.isoformat(), owed * fee, state,
        ])  # fmt: skip
    rows[4][5] = "三千六"
    rows[9][4] = None
    rows[13][1] = "F999999"
    return rows


def _plant_mistakes(rows: list[Row]) -> None:
    """Spoils rows in the ways that real exports are spoilt; README.md lists them."""
    rows[3]["手机号"] = rows[3]["手机号"][:10]
    digits = rows[8]["手机号"]
    rows[8]["手机号"] = f"+86 {digits[:3]}-{digits[3:7]}-{digits[7:]}"
    identity = rows[12]["身份证号"]
    rows[12]["身份证号"] = identity[:-1] + ("2" if identity[-1] != "2" else "3")
    rows[17]["出生日期"] = "1990-02-30"
    rows[20]["姓名"] = ""
    rows[24] = dict(rows[23])
    rows[30] = rows[29] | {"手机号": rows[31]["手机号"][:-1] + "7"}
    rows[36]["手机号"] = ""
    rows[41]["姓名"] = '=HYPERLINK("http://example.invalid")'
    rows[44]["备注"] = "<script>alert(1)</script>"
    rows[50]["语音随访同意"] = ""
    rows[56]["手机号"] = rows[57]["手机号"]


def _write_patients(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=PATIENT_COLUMNS, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_contracts(path: Path, rows: Sequence[Cells], today: date) -> None:
    book = Workbook()
    book.properties.created = _midnight(today)
    book.properties.modified = _midnight(today)
    sheet = book.worksheets[0]
    sheet.title = "冷冻合同"
    sheet.append([f"生殖中心胚胎冷冻保存合同台账（导出日期 {today}）"])
    sheet.append(list(CONTRACT_COLUMNS))
    for row in rows:
        sheet.append(list(row))
    book.save(path)


def _write_table(path: Path, encoding: str, columns: Sequence[str], rows: Sequence[Cells]) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def _identity(chance: random.Random, born: date, *, female: bool) -> str:
    """A number of GB 11643 form with a right check digit."""
    body = chance.choice(REGIONS) + born.strftime("%Y%m%d") + f"{chance.randrange(100):02d}"
    body += chance.choice("02468" if female else "13579")
    return body + ID_CHECK[sum(int(digit) * weight for digit, weight in zip(body, ID_WEIGHTS, strict=True)) % 11]


def _name(chance: random.Random, *, female: bool) -> str:
    return chance.choice(SURNAMES) + chance.choice(GIVEN_FEMALE if female else GIVEN_MALE)


def _phone(chance: random.Random) -> str:
    return f"154{chance.randrange(10**8):08d}"


def _messy_date(chance: random.Random, day: date) -> str:
    forms = (day.isoformat(), day.strftime("%Y/%m/%d"), f"{day.year}年{day.month}月{day.day}日", day.strftime("%Y%m%d"))
    return chance.choice(forms)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a spreadsheet's date cell has no zone


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes a sample hospital export.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent / "export")
    parser.add_argument("--today", type=date.fromisoformat, default=date(2026, 11, 20))
    arguments = parser.parse_args()
    write_sample(arguments.folder, arguments.today)
    print(f"wrote {arguments.folder}")


if __name__ == "__main__":
    main()
