"""What columns are called: by big tools, by analysts, in several languages. Knows names, no cells."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Within a kind the first that is there wins; compared without case, accents, spaces and signs. Handles come
# before display names, ids in words before ids that a program may have rounded.
# fmt: off
NAMES: Mapping[str, tuple[str, ...]] = {
    "text": (
        "embeddedtext", "fulltext", "tweetfulltext", "textoriginal", "text", "tweettext", "posttext",
        "hitsentence", "tweet", "rawcontent", "tweetcontent", "posttextcontent", "content", "contenttext",
        "body", "selftext", "bodytext", "caption", "captiontext", "message", "postmessage", "statustext",
        "comment",
        "commenttext", "post", "postcontent", "sentence", "review", "reviewtext", "textcorrected",
        "correctedtext", "conversationstream", "sharecommentary", "videodescription",
        "string", "utterance", "beitragstext", "beitrag", "nachricht", "inhalt", "kommentar", "texte",
        "contenu", "texto", "contenido", "mensaje", "comentario", "testo", "contenuto", "conteudo",
        "mensagem", "tekst", "bericht", "metin", "tresc", "текст", "сообщение", "内容", "正文",
        "文本", "微博正文", "本文", "ツイート", "텍스트", "النص", "نص",
        "tweetmetni", "gonderi", "icerik", "yorum", "isitweet", "isi", "teks", "komentar", "konten",
        "testodelpost", "commento", "berichttekst", "textedutweet", "noidung", "комментарии",
        "博文内容", "微博内容", "推文内容", "推文", "评论内容", "评论", "投稿内容", "コメント",
        "내용", "본문", "트윗", "댓글", "نصالتغريدة", "التغريدة", "التعليق", "المحتوى",
        "टिप्पणी", "ट्वीट", "पाठ", "ข้อความ", "متن",
        "verbatim", "verbatims", "status",
        "description", "desc", "textdisplay", "snippet", "openingtext", "document", "data", "input",
        "words", "tokens",
    ),
    "title": (
        "title", "reviewtitle", "posttitle", "videotitle", "headline", "subject", "submissiontitle", "titel",
        "titre",        "titulo", "titolo", "uberschrift", "заголовок", "标题", "タイトル",
    ),
    "image": (
        "image", "images", "imagepath", "imagefile", "imagefilename", "imagename", "imageurl",
        "imageurls", "imagelink", "picture", "pictures", "pictureurl", "fullpicture", "pic", "pics",
        "photo", "photos", "photourl", "photourls", "photopath", "img", "imgs", "imgurl", "imgpath",
        "imgname", "extmediaurl", "mediasurl", "mediaattachments",
        "extendedentities", "entities", "entitiesstr", "bild", "bilder", "foto", "fotos",
        "imagen", "imagenes", "immagine", "图片",
        "图片url", "图片链接", "原始图片", "原始图片url", "微博图片url", "画像",
        "imageid", "imageids", "multimedia", "media", "mediaurl", "mediaurls", "mediaurlhttps", "mediapath",
        "mediafile", "mediafiles", "mediafilename", "medialinks", "attachments", "attachment",
        "attachedfiles", "displayurl", "filename", "file", "files", "filepath", "path", "url", "urls",
    ),
    "id": (
        "idstr", "tweetidstr", "tweetid", "ids", "statusid", "statusidstr", "postid", "messageid", "textid",
        "commentid", "reviewid", "documentid", "articleid", "itemid", "restid", "importedid",
        "identificador", "identifiant", "identificativo", "identyfikator", "идентификатор",
        "idpublicacion", "iddelapublicacion",
        "idpublicacao", "iddapublicacao", "iddelapublication", "iddelmensaje", "iddumessage",
        "importedtweetid", "nativeid", "universalmessageid", "beitragsid", "beitragid", "contentid",
        "id", "微博id", "微博bid", "adarchiveid",
        "resourceid", "mentionid", "externalid", "uid", "guid", "uri", "cid", "msgid", "sampleid",
        "recommendationid",
        "exampleid", "shortcode", "videoid", "photoid", "imageid", "objectid",
    ),
    "author": (
        "screenname", "userscreenname", "senderscreenname", "vertex1", "authorscreenname",
        "authorusername", "userusername", "authorhandle", "authormetaname", "userposted",
        "shortname", "userhandle", "handle", "username", "fromuser",
        "benutzername", "nutzername", "pseudo", "pseudonyme", "pseudodelauteur", "nomdutilisateur",
        "nombredeusuario", "nomedeusuario", "usuariodoautor", "usuariodelautor", "ник", "никнейм", "логин",
        "fromusername", "acct", "preferredusername", "uniqueid", "nickname", "authordisplayname",
        "profilename", "nameclicktoviewprofile", "author", "user", "authorname", "ownerusername",
        "owner", "account", "accountname", "name", "fullname", "displayname", "pagename", "channelname",
        "channeltitle", "speaker", "poster", "from", "sender", "influencer", "verfasser", "autor", "autorin",
        "auteur", "autore", "konto", "kontoname", "nomedoautor", "nombredelautor", "nomdelauteur",
        "nutzer", "benutzer", "compte", "nomducompte", "cuenta", "nombredelacuenta", "conta",
        "nomedaconta", "uzivatel", "uzivatelskejmeno", "anvandare", "bruger", "bruker", "kayttaja",
        "felhasznalo", "utilizator", "χρηστησ", "ονομαχρηστη", "λογαριασμοσ", "користувач", "משתמש", "کاربر",
        "nguoidung", "tacgia", "ผู้ใช้",
        "usuario", "utilisateur", "автор", "作者", "用户名", "用户昵称",
        "kullanıcıadı", "kullaniciadi", "kullanıcı", "yazar", "namaakun", "namapengguna", "pengguna", "akun",
        "penulis", "utente", "nomeutente", "gebruiker", "gebruikersnaam", "uzytkownik", "имяпользователя",
        "пользователь", "用户", "昵称", "博主", "发布者", "账号", "ユーザー名", "ユーザー",
        "投稿者", "アカウント名",
        "작성자", "사용자", "닉네임", "اسمالمستخدم", "المستخدم", "الكاتب", "उपयोगकर्ता", "लेखक",
        "auth", "postedby", "publishedby", "by", "who", "wer",
        "socialprofile", "profile", "profil", "perfil",
    ),
    "created_at": (
        # Where both are there, a tool kept what a site had published when it created a row.
        "publishedat", "publisheddate", "createdat", "createdatutc", "createdutc", "created", "createdtime",
        "creationtime", "createtime", "createdate",
        "creationdate", "tweetcreated", "tweetcreatedat",
        "postcreated", "published",
        "createddate", "createddatetime", "publishdate",
        "publishedon", "publicationdate", "pubdate", "postedat", "posted",
        "postdate", "postedon", "dateposted", "formatteddate",
        "commentcreatetimestamp", "tweetdate", "takenat", "takenattimestamp", "timestamputc", "localtime",
        "tweetdateutc", "datetime", "timestamp", "timestampms", "date", "dateutc",
        "parsedcreatedat", "unixtimestamp", "timestampcreated",
        "veroffentlichtam", "veroeffentlichtam", "veroffentlicht",
        "erstelltam", "datum", "fecha", "fechadepublicacion", "datedepublication", "data", "dataora",
        "unixreviewtime", "reviewtime", "reviewdate",
        "дата", "датапубликации", "发布时间", "发布日期", "评论时间", "日期", "时间", "投稿日時", "日時",
        "日付",
        "작성일", "작성일시", "작성시간", "날짜", "등록일", "게시일", "tarih", "gonderimtarihi",
        "tanggal", "waktu",
        "datapublikacji", "datapubblicazione", "datadipubblicazione", "publicatiedatum", "التاريخ", "تاريخ",
        "तारीख", "दिनांक", "ngaydang", "time", "indexedat",
    ),
    "time": (
        "time", "publishedtime", "posttime", "tweettime", "timeutc", "timegmt", "timeet",
        "uhrzeit", "timeofday", "hour", "heure",
        "hora", "ora", "zeit", "время", "saat", "jam", "tijd", "godzina", "时刻", "時刻", "시간", "الوقت",
    ),
    "language": (
        "lang", "language", "languagecode", "textlanguage", "tweetlanguage", "sprache", "langue", "idioma",
        "lingua",
    ),
    "label": (
        "label", "sentiment", "polarity", "airlinesentiment", "sentimentlabel", "overallsentiment",
        "labelsentiment", "sentimentclass", "class", "target", "goldlabel", "gold", "stimmung",
        "tonalitat", "tonalitaet", "tonality", "tone", "tonalite", "sentimiento", "sentimento", "polaridad",
        "polarite", "polaridade", "etiqueta", "etiquette", "duygu", "duyguanalizi", "sentimen", "sentyment",
        "wydzwiek", "тональность", "тон", "情感", "情感倾向", "情感极性", "情绪", "感情",
        "センチメント", "極性", "감성", "감정",
        "المشاعر", "भावना", "camxuc", "labels", "overall", "stars", "starrating", "reviewrating", "rating",
    ),
}
# fmt: on
WEAK_IMAGES = frozenset(
    (
        "imageid",
        "imageids",
        "multimedia",
        "media",
        "mediaattachments",
        "extendedentities",
        "entities",
        "entitiesstr",
        "attachments",
        "attachment",
        "displayurl",
        "filename",
        "file",
        "files",
        "filepath",
        "path",
        "url",
        "urls",
    )
)
"""Columns of these names hold something else as often as pictures: their cells must tell."""
WEAK_TEXTS = frozenset(
    ("status", "description", "desc", "snippet", "openingtext", "document", "data", "input")
)

# fmt: off
_AUTHOR_WORDS = frozenset((
    "user", "author", "profile", "profil", "perfil", "account", "owner", "member", "page", "channel",
    "creator", "sender", "person", "influencer", "actor", "reviewer", "commenter", "from", "nutzer", "autor",
    "verfasser", "usuario",
))
# fmt: on
# fmt: off
_OTHER_POST = frozenset((
    "quoted", "quote", "retweeted", "retweet", "referenced", "parent", "replied", "reply", "reposted",
    "repost", "inreplyto", "shared", "embed", "external", "card", "link", "original_tweet",
    "retweetedstatus", "quotedstatus", "root", "ancestor", "context", "place", "geo", "entities",
    "hashtags", "mentions", "annotations", "location", "includes", "matching", "latestcomments",
    "topcomments", "replies", "source", "application", "client", "generator", "provider", "device",
    "symbol", "symbols",
))
# fmt: on
"""A nested column below one of these tells of another post, or of a part of this one."""
# fmt: off
_NOISE = frozenset((
    "tweet", "post", "status", "message", "mention", "item", "record", "data", "raw", "social", "twitter",
    "ig", "fb", "instagram", "facebook", "document", "my", "legacy", "node", "attributes", "object",
    "result", "tweets", "comment", "review",
))
# fmt: on
# fmt: off
_TEXT_TAILS = frozenset((
    "text", "tweet", "post", "comment", "review", "message", "content", "body", "caption",
))
# fmt: on
# fmt: off
_OTHER_QUESTIONS = frozenset((
    "hate", "hateful", "hatespeech", "offensive", "offense", "harmful", "harmfulness", "abusive", "abuse",
    "toxic", "toxicity", "insult", "threat", "cyberbullying", "misogynous", "misogyny", "sexist", "sexism",
    "racist", "racism", "aggression", "sarcasm", "sarcastic", "irony", "ironic", "humor", "humour", "emotion",
    "emotions", "stance", "motivational", "propaganda", "informative", "topic", "neither",
))
# fmt: on
"""Words in the names of columns in which data sets keep answers to another question than the sentiment."""
_LABEL_WORDS = _OTHER_QUESTIONS | {"label", "labels", "subtask", "task", "class", "sentiment", "polarity"}
"""Words in the names of columns in which data sets keep what people judged, whatever the question was."""
_ACCENTS = re.compile("[\u0300-\u036f]+")
_SPLIT = re.compile(r"[^\w]+|_+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PARTS = re.compile(r"[./:]|__")
_NUMBERED = re.compile(r"^#?\s*\d+\s+(?=\D)")
# fmt: off
_OWN_EXPORT = frozenset((
    "final_label", "corrected_label", "bundle",
))
# fmt: on
"""Where these stand together, `label` is a model's and no truth."""
# fmt: off
_ANNOTATED = frozenset((
    "annotation_id", "annotator", "lead_time", "completion_id", "completed_by", "classification_id",
    "workflow_id",
))
# fmt: on
"""Where two of these stand together, a row is an act of an annotator: its id and dates are theirs."""


@dataclass(frozen=True, slots=True)
class Name:
    """A column's name, taken apart: `words` of its last part, `above` those of the parts before.

    `is_listed`: it is a field of one of several things in a list, as `comments/0/text`.
    """

    full: str
    parts: tuple[str, ...]
    words: tuple[str, ...]
    above: frozenset[str]
    is_listed: bool = False

    @property
    def is_nested(self) -> bool:
        return len(self.parts) > 1

    @property
    def is_about_author(self) -> bool:
        """Whether the column describes who wrote rather than what was written."""
        if self.above & _AUTHOR_WORDS:
            return True
        if {"bio", "biography", "avatar"} & set(self.words):
            return True
        return bool(_AUTHOR_WORDS & set(self.words[:-1])) and self.words[-1] not in _TEXT_TAILS

    @property
    def is_of_another_post(self) -> bool:
        return bool(self.above & _OTHER_POST)


def spell(name: str) -> str:
    """Write a name without case, accents, spaces and signs: `Full Text` as `fulltext`."""
    if not name.isascii():
        name = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", name)))
        # The vowels of Hindi and Thai are marks, which belong to the word.
        name = "".join(sign for sign in name if sign.isalnum() or unicodedata.category(sign)[0] == "M")
    return re.sub(r"[\W_]+", "", name).casefold() if name.isascii() else name.casefold()


def parse_name(name: str) -> Name:
    """Take a column's name apart: `record.createdAt` is `createdat` below `record`."""
    plain = _NUMBERED.sub("", name)
    # What Elasticsearch files a whole record under.
    steps = [part for part in _PARTS.split(plain) if part and part != "_source"]
    parts = [part for part in steps if not part.isdigit()] or [plain]
    words = tuple(word.casefold() for word in _SPLIT.split(_CAMEL.sub(" ", parts[-1])) if word) or ("",)
    above = {word.casefold() for part in parts[:-1] for word in _SPLIT.split(_CAMEL.sub(" ", part)) if word}
    above |= {spell(part) for part in parts[:-1]}
    spelled = tuple(spell(part) for part in parts)
    return Name("".join(spelled), spelled, words, frozenset(above), any(map(str.isdigit, steps[:-1])))


def rank(kind: str, name: Name) -> int | None:
    """Return the place of a name among those of its kind, 0 the best; None if it is no such name."""
    names = NAMES[kind]
    forms = [name.full]
    if name.is_nested:
        forms += ["".join(name.parts[-2:]), name.parts[-1]]
    if name.words[0] in _NOISE and len(name.words) > 1:
        forms.append("".join(name.words[1:]))
    if name.words[-1] == "x" and len(name.words) > 1:
        # pandas marks so what comes from the first of two tables.
        forms.append("".join(name.words[:-1]))
    if kind == "author" and name.words[0] in _AUTHOR_WORDS and len(name.words) > 1:
        # A table of posts may repeat of whom it speaks: `sender_username`.
        forms.append("".join(name.words[1:]))
    return next((names.index(form) for form in forms if form in names), None)


def is_weak(kind: str, name: Name) -> bool:
    """Whether a column of such a name holds something else as often as what it is called."""
    place = rank(kind, name)
    weak = WEAK_IMAGES if kind == "image" else WEAK_TEXTS if kind == "text" else frozenset()
    return place is not None and NAMES[kind][place] in weak


_KNOWN = frozenset(word for words in NAMES.values() for word in words)


def speaks_of_labels(name: Name) -> bool:
    """Whether a column is called like judgements of people, of any question."""
    return not _LABEL_WORDS.isdisjoint(name.words)


def speaks_of_another_question(name: Name) -> bool:
    """Whether a column is called like judgements of hate, stance, emotion and the like."""
    return not _OTHER_QUESTIONS.isdisjoint(name.words)


def speaks_of_sentiment(name: Name) -> bool:
    """Whether a column is called like a sentiment, in so many words."""
    return any(word in name.full for word in ("sentiment", "polarit", "polarid", "stimmung", "tonalit"))


def is_known(name: str) -> bool:
    """Whether a column of this name has a role in some tool's table."""
    # A table may have 100,000 columns: most names are told by their spelling alone.
    if spell(name) in _KNOWN:
        return True
    parts = _PARTS.split(name)
    return spell(_NUMBERED.sub("", name)) in _KNOWN or (len(parts) > 1 and spell(parts[-1]) in _KNOWN)


def unique_names(header: Iterable[str]) -> list[str]:
    """Name every column: `column_3` for one without a name, `text_2` for a repeated one."""
    names: dict[str, None] = {}
    for place, cell in enumerate(header, start=1):
        base = " ".join(cell.split())[:200] or f"column_{place}"
        name, number = base, 1
        while name in names:
            number += 1
            name = f"{base}_{number}" if number < 100 else f"{base}_{place}"
        names[name] = None
    return list(names)


def is_own_export(columns: Iterable[str]) -> bool:
    """Whether these are the columns of a table that `mmsa classify` wrote."""
    return _OWN_EXPORT.issubset(columns)


def is_annotated(columns: Iterable[str]) -> bool:
    """Whether a row of this table is an annotation, with an id and dates of its own."""
    return len(_ANNOTATED.intersection(column.casefold() for column in columns)) > 1
