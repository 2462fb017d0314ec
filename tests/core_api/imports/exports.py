"""Small exports for tests, made on the spot."""

import csv
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook

PATIENT_COLUMNS = (
    "大病历号", "诊疗卡号", "姓名", "性别", "出生日期", "身份证号", "手机号", "配偶姓名", "配偶手机号", "院区", "科室",
    "治疗阶段", "语音随访同意", "备注",
)  # fmt: skip
SOUND = {
    "大病历号": "A1", "诊疗卡号": "9001", "姓名": "王丽华", "性别": "女", "出生日期": "1992/12/16",
    "身份证号": "11010519491231002X", "手机号": "15417974891", "配偶姓名": "罗华", "配偶手机号": "15444378154",
    "院区": "番禺院区", "科室": "生殖中心", "治疗阶段": "验孕", "语音随访同意": "是", "备注": "",
}  # fmt: skip


def write_patients(folder: Path, *rows: dict[str, str], encoding: str = "gb18030", name: str = "patients.csv") -> Path:
    """Every row is SOUND with what the row says otherwise."""
    folder.mkdir(exist_ok=True)
    with (folder / name).open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, PATIENT_COLUMNS, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(SOUND | row for row in rows)
    return folder


def write_csv(folder: Path, name: str, *lines: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def write_contracts(folder: Path, *rows: tuple[object, ...]) -> Path:
    """Under a title row; (contract, record number, due date, fee)."""
    folder.mkdir(exist_ok=True)
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["胚胎冷冻保存合同台账"])
    sheet.append(["合同号", "大病历号", "胚胎枚数", "冷冻日期", "到期日期", "年费(元)", "已缴至", "欠费(元)", "状态"])
    for number, record, due, fee in rows:
        sheet.append([number, record, 3, datetime(2024, 3, 1), due, fee, "2026-03-01", 0, "正常"])  # noqa: DTZ001
    book.save(folder / "storage_contracts.xlsx")
    return folder
