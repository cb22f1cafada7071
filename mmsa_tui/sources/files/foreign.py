"""Files that hold data and that nothing here reads: what they are, and how to get the posts out of them.

Knows first bytes and endings of names. What is not named here would be taken for a csv with odd letters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Foreign:
    """A kind of file that is not read: what it is, what its owner can do, and what it is known by.

    `marks` are the first bytes of such a file, `endings` those of its name.
    """

    what: str
    advice: str
    endings: tuple[str, ...] = ()
    marks: tuple[bytes, ...] = ()


_KINDS = (
    Foreign(
        "data of R",
        "Save it in R: write.csv(posts, 'posts.csv', row.names = FALSE).",
        endings=(".rds", ".rdata", ".rda"),
        marks=(b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n", b"X\n\x00\x00\x00"),
    ),
    Foreign(
        "a pickle of Python, which runs code when it is read",
        "If you trust it, save it in pandas: pandas.read_pickle(FILE).to_parquet('posts.parquet').",
        marks=(b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
    ),
    Foreign(
        "a file of HDF5",
        "Save it in pandas: pandas.read_hdf(FILE).to_parquet('posts.parquet').",
        marks=(b"\x89HDF\r\n\x1a\n",),
    ),
    Foreign(
        "an array of NumPy",
        "Save the texts with their ids as csv, Parquet or JSON lines.",
        endings=(".npz",),
        marks=(b"\x93NUMPY",),
    ),
    Foreign(
        "data of MATLAB",
        "Save it in MATLAB: writetable(posts, 'posts.csv').",
        marks=(b"MATLAB 5.0 MAT-file",),
    ),
    Foreign(
        "a file of Avro",
        "Write it as Parquet, csv or JSON lines with the program that made it.",
        marks=(b"Obj\x01",),
    ),
    Foreign(
        "a file of ORC",
        "Write it as Parquet, csv or JSON lines with the program that made it.",
        endings=(".orc",),
    ),
    Foreign(
        "a web archive (WARC): pages as they were crawled, not posts",
        "Take the posts out as JSON or csv first, as with warcio or the program that crawled them.",
        marks=(b"WARC/0.", b"WARC/1."),
    ),
    Foreign(
        "data of SAS",
        "Save it in SAS: proc export data=posts outfile='posts.csv' dbms=csv; run;",
        endings=(".sas7bdat",),
        marks=(b"HEADER RECORD*******LIB", b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xc2\xea\x81`"),
    ),
    Foreign(
        "a database of Access",
        "Export the table of the posts as Excel or csv in Access.",
        marks=(b"\x00\x01\x00\x00Standard ",),
    ),
    Foreign(
        "a document or slides, of Word, Pages or the like",
        "Save each post as a .txt, or all as rows of a csv or sheet.",
        endings=(".docx", ".doc", ".odt", ".pages", ".pptx", ".ppt", ".odp", ".key", ".epub"),
        marks=(b"{\\rtf",),
    ),
    Foreign(
        "data of Weka (ARFF)", "Save it in Weka as csv, or with scipy.io.arff in Python.", endings=(".arff",)
    ),
    Foreign(
        "a file of YAML",
        "Save it as JSON or csv, as with yaml.safe_load and json.dump in Python.",
        endings=(".yaml", ".yml"),
    ),
    Foreign(
        "a file of TOML",
        "Save it as JSON or csv, as with tomllib and json.dump in Python.",
        endings=(".toml",),
    ),
    Foreign(
        "an export of WebAnno or INCEpTION, with labels of words",
        "Export plain text there, or the labels as a csv of id and label.",
        marks=(b"#FORMAT=WebAnno",),
    ),
    Foreign(
        "a pointer of Git LFS, not the file itself",
        "Run git lfs pull in its repository, or download the file.",
        marks=(b"version https://git-lfs.github.com/",),
    ),
    Foreign(
        "a mail", "Save each text as a .txt, or all as rows of a csv or sheet.", endings=(".eml", ".msg")
    ),
    Foreign(
        "a link to a sheet or document that lies with Google, not the sheet itself",
        "Open it in a browser and download it as .xlsx or csv.",
        endings=(".gsheet", ".gdoc"),
    ),
    Foreign(
        "a link to a page, not the page itself",
        "Download the posts from there as JSON, csv or a sheet.",
        endings=(".webloc", ".url"),
    ),
    Foreign(
        "a binary workbook of Excel", "Save it in Excel as .xlsx, or as csv in UTF-8.", endings=(".xlsb",)
    ),
    Foreign(
        "a web page",
        "Download the data in another form, such as JSON or csv.",
        endings=(".mht", ".mhtml"),
        marks=(b"From: <Saved by",),
    ),
    Foreign(
        "a file of XML",
        "Write its texts with their ids as csv or JSON lines, as with xml.etree.ElementTree in Python.",
        endings=(".xml",),
    ),
    Foreign(
        "a file of a calendar or of contacts",
        "Posts come as csv, JSON, a sheet, or a .txt each.",
        marks=(b"BEGIN:VCALENDAR", b"BEGIN:VCARD"),
    ),
    Foreign(
        "a file of subtitles",
        "To judge what is said, save each passage as a row of a csv with a column text.",
        endings=(".srt",),
        marks=(b"WEBVTT",),
    ),
    Foreign(
        "a list of references of a library",
        "Posts come as csv, JSON, a sheet, or a .txt each.",
        endings=(".ris", ".bib", ".nbib", ".enw"),
        marks=(b"TY  - ", b"\xef\xbb\xbfTY  - "),
    ),
    Foreign(
        "a file of TFRecord",
        "Write its examples as Parquet, csv or JSON lines with the program that made it.",
        endings=(".tfrecord", ".tfrecords"),
    ),
)
_SQL = Foreign(
    "a dump of a database: commands, not posts",
    "Load it into a database and export the table of the posts as csv, or convert it to SQLite.",
)
_LMDB = Foreign(
    "a database of LMDB", "Write its records as Parquet, csv or JSON lines with the program that made it."
)
_STATEMENT = re.compile(
    rb"(?:--[^\n]*\n|/\*.*?\*/;?|\s|(?:SET|BEGIN|PRAGMA|USE|LOCK)\b[^\n]*;[^\n]*\n)*"
    rb"(?:CREATE (?:TABLE|DATABASE)|INSERT INTO|DROP TABLE|COPY \S+ .*FROM stdin)\b",
    re.DOTALL,
)


def foreign_kind(start: bytes, name: str) -> Foreign | None:
    """Return what a file is that holds data and is not read, by its first plain bytes and its name."""
    lower = name.lower()
    for kind in _KINDS:
        if start.startswith(kind.marks):
            return kind
    if start[16:20] == b"\xde\xc0\xef\xbe":
        return _LMDB
    for kind in _KINDS:
        if lower.endswith(kind.endings):
            return kind
    return _SQL if _STATEMENT.match(start[:16_384].removeprefix(b"\xef\xbb\xbf")) else None
