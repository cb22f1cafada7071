"""The social networks whose records are known. Adding one is adding an entry here.

An API, a browser extension, a scraper and a downloader hand on the same record, each in a wrapping
of its own: a network is described once. Knows names of fields and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where a record lists its pictures.

    Args:
        at: the path to the items, each an address or an object.
        url: in an item; alternatives are parted by spaces.
        kind, alt: in an item; what the network calls a picture is `photo` to us.
    """

    at: str
    url: str = ""
    kind: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """How to recognise a record of a network and to read it.

    Every field is a path, or several parted by spaces of which the first that leads to something
    counts. `has` lists what a record must have, `text` what is joined to one text. `repost` leads to
    the post that is passed on, which then is what a record says and shows.
    """

    name: str
    has: tuple[str, ...]
    text: tuple[str, ...]
    id: str = "id"
    author: str = ""
    date: str = ""
    author_name: str = ""
    language: str = ""
    pictures: tuple[Pictures, ...] = ()
    repost: str = ""
    file_name: str = ""
    """How the tool calls the files it downloads: `{author}`, `{id}`, `{kind}`, `{number}`, `{day}`."""
    has_not: str = ""
    is_html: bool = False
    is_garbled: bool = False
    """Meta's downloads write each byte of UTF-8 as a character."""


_INSTAGRAM_PICTURES = (
    Pictures("carousel_media.*", "image_versions2.candidates.0.url display_url", "media_type"),
    Pictures("edge_sidecar_to_children.edges.*.node", "display_url", "__typename", "accessibility_caption"),
    Pictures("image_versions2", "candidates.0.url"),
    Pictures("display_url"),
)

NETWORKS: tuple[Network, ...] = (
    Network(
        "Mastodon",
        ("content", "account.acct account.username", "id", "media_attachments replies_count url"),
        text=("spoiler_text", "content"),
        author="account.acct account.username",
        date="created_at",
        author_name="account.display_name",
        language="language",
        repost="reblog",
        is_html=True,
        pictures=(Pictures("media_attachments.*", "url remote_url preview_url", "type", "description"),),
    ),
    Network(
        "ActivityPub",
        ("content", "attributedTo", "published"),
        text=("summary", "content"),
        author="attributedTo",
        date="published",
        is_html=True,
        pictures=(Pictures("attachment.*", "url href", "mediaType", "name"),),
    ),
    Network(
        "Reddit",
        ("subreddit", "title", "author", "selftext url permalink is_self"),
        text=("title", "selftext"),
        author="author",
        date="created_utc created",
        pictures=(
            Pictures("media_metadata.*", "s.u p.-1.u", "e"),
            Pictures("preview.images.*", "source.url"),
            Pictures("url_overridden_by_dest"),
            Pictures("url"),
        ),
    ),
    Network(
        "Reddit",
        ("subreddit", "body", "author", "link_id parent_id permalink"),
        text=("body",),
        author="author",
        date="created_utc created",
    ),
    Network(
        "twitter-web-exporter",
        ("full_text", "screen_name", "id", "media_tags views_count favorited media"),
        text=("full_text",),
        author="screen_name",
        date="created_at",
        author_name="name",
        file_name="{author}_{id}_{kind}_{number}_{day}",
        pictures=(Pictures("media.*", "original thumbnail url", "type", "ext_alt_text"),),
    ),
    Network(
        "X by Apify",
        ("fullText text", "author.userName", "id", "createdAt"),
        text=("fullText text",),
        author="author.userName",
        date="createdAt",
        author_name="author.name",
        language="lang",
        repost="retweet retweetedTweet",
        pictures=(
            Pictures("extendedEntities.media.*", "media_url_https", "type", "ext_alt_text"),
            Pictures("media.*", "media_url_https url fullUrl", "type"),
            Pictures("photos.*", "url"),
        ),
    ),
    Network(
        "twint",
        ("tweet", "username", "conversation_id", "link"),
        text=("tweet",),
        author="username",
        date="created_at date",
        author_name="name",
        language="language",
        pictures=(Pictures("photos.*"),),
    ),
    Network(
        "Threads or Instagram",
        ("code pk id", "taken_at", "user.username", "caption media_type image_versions2"),
        id="pk id code",
        text=("caption.text caption",),
        author="user.username",
        date="taken_at",
        author_name="user.full_name",
        pictures=_INSTAGRAM_PICTURES,
    ),
    Network(
        "Instagram",
        ("shortcode", "owner", "edge_media_to_caption taken_at_timestamp date"),
        id="id shortcode",
        text=("edge_media_to_caption.edges.0.node.text caption.text caption",),
        author="owner.username",
        date="taken_at_timestamp date",
        author_name="owner.full_name",
        pictures=_INSTAGRAM_PICTURES,
    ),
    Network(
        "Instagram by Apify",
        ("shortCode", "ownerUsername", "caption displayUrl"),
        id="id shortCode",
        text=("caption",),
        author="ownerUsername",
        date="timestamp",
        author_name="ownerFullName",
        pictures=(Pictures("images.*"), Pictures("childPosts.*", "displayUrl"), Pictures("displayUrl")),
    ),
    Network(
        "TikTok",
        ("desc contents", "createTime", "author", "video stats imagePost"),
        text=("desc",),
        author="author.uniqueId author",
        date="createTime",
        author_name="author.nickname nickname",
        language="textLanguage",
        pictures=(
            Pictures("imagePost.images.*", "imageURL.urlList.0"),
            Pictures("video", "cover originCover dynamicCover", "=video"),
        ),
    ),
    Network(
        "Douyin or TikTok",
        ("desc", "create_time", "aweme_id"),
        id="aweme_id",
        text=("desc",),
        author="author.unique_id author.short_id author.nickname",
        date="create_time",
        author_name="author.nickname",
        language="desc_language",
        pictures=(
            Pictures("image_post_info.images.*", "display_image.url_list.0"),
            Pictures("images.*", "url_list.0"),
            Pictures("video.cover", "url_list.0", "=video"),
        ),
    ),
    Network(
        "TikTok by Apify",
        ("text", "createTimeISO createTime", "authorMeta.name authorMeta.nickName"),
        text=("text",),
        author="authorMeta.name",
        date="createTimeISO createTime",
        author_name="authorMeta.nickName",
        language="textLanguage",
        pictures=(
            Pictures("slideshowImageLinks.*", "downloadLink tiktokLink"),
            Pictures("videoMeta", "coverUrl originalCoverUrl", "=video"),
        ),
    ),
    Network(
        "Facebook by CrowdTangle",
        ("platform platformId", "account.name account.handle", "date", "postUrl type"),
        id="platformId id",
        text=("title", "message", "description"),
        author="account.handle account.name",
        date="date",
        author_name="account.name",
        language="languageCode",
        pictures=(Pictures("media.*", "full url", "type"),),
    ),
    Network(
        "Facebook",
        ("post_id id", "comet_sections"),
        id="post_id id",
        text=("comet_sections.content.story.message.text message.text",),
        author="comet_sections.content.story.actors.0.name",
        date="comet_sections.context_layout.story.comet_sections.metadata.*.story.creation_time"
        " comet_sections.timestamp.story.creation_time creation_time",
        pictures=(
            Pictures(
                "comet_sections.content.story.attachments.*.styles.attachment.all_subattachments.nodes.*.media",
                "image.uri viewer_image.uri",
                "__typename",
                "accessibility_caption",
            ),
            Pictures(
                "comet_sections.content.story.attachments.*.styles.attachment.media",
                "photo_image.uri image.uri",
                "__typename",
                "accessibility_caption",
            ),
        ),
    ),
    Network(
        "Facebook by Apify",
        ("postId facebookUrl", "text", "pageName user.name", "time timestamp"),
        id="postId",
        text=("text",),
        author="user.name pageName",
        date="time timestamp",
        pictures=(Pictures("media.*", "photo_image.uri image.uri thumbnail url", "__typename", "ocrText"),),
    ),
    Network(
        "Facebook",
        ("message story", "created_time", "id"),
        text=("message story",),
        author="from.name",
        date="created_time",
        pictures=(
            Pictures("attachments.data.*.subattachments.data.*", "media.image.src", "type", "description"),
            Pictures("attachments.data.*", "media.image.src", "type", "description"),
            Pictures("full_picture"),
            Pictures("picture"),
        ),
    ),
    Network(
        "Meta Content Library",
        ("text", "post_owner", "creation_time"),
        text=("text",),
        author="post_owner.username post_owner.name",
        date="creation_time",
        author_name="post_owner.name",
        language="lang",
        pictures=(Pictures("multimedia.*", "url", "type"),),
    ),
    Network(
        "Telegram",
        ("_=Message _type=Message", "date", "id"),
        text=("message",),
        date="date",
        language="",
        author="_sender.username _chat.username sender.username post_author peer_id.channel_id"
        " from_id.user_id",
        pictures=(Pictures("media_files.*"),),
    ),
    Network(
        "Discord",
        ("content", "timestamp", "author.name author.username", "attachments"),
        text=("content",),
        author="author.name author.username",
        date="timestamp",
        author_name="author.nickname",
        pictures=(Pictures("attachments.*", "fileName filename url"),),
    ),
    Network(
        "Slack",
        ("type=message", "ts", "text"),
        id="client_msg_id ts",
        text=("text",),
        author="user_profile.name user username",
        date="ts",
        author_name="user_profile.real_name",
        pictures=(Pictures("files.*", "name url_private", "mimetype", "title"),),
    ),
    Network(
        "YouTube",
        ("snippet.topLevelComment.snippet", "id"),
        text=("snippet.topLevelComment.snippet.textOriginal snippet.topLevelComment.snippet.textDisplay",),
        author="snippet.topLevelComment.snippet.authorDisplayName",
        date="snippet.topLevelComment.snippet.publishedAt",
    ),
    Network(
        "YouTube",
        ("snippet.textOriginal snippet.textDisplay", "snippet.publishedAt"),
        text=("snippet.textOriginal snippet.textDisplay",),
        author="snippet.authorDisplayName",
        date="snippet.publishedAt",
    ),
    Network(
        "YouTube",
        ("snippet.title", "snippet.publishedAt", "id"),
        id="id.videoId id",
        text=("snippet.title", "snippet.description"),
        author="snippet.channelTitle",
        date="snippet.publishedAt",
        language="snippet.defaultLanguage",
        pictures=(Pictures("snippet.thumbnails", "maxres.url high.url medium.url default.url", "=video"),),
    ),
    Network(
        "VK",
        ("owner_id", "from_id", "text", "date", "id"),
        text=("text",),
        author="from_id",
        date="date",
        pictures=(Pictures("attachments.*.photo", "orig_photo.url sizes.-1.url", "", "text"),),
    ),
    Network(
        "a Bright Data set",
        (
            "user_posted user_username_raw profile_username user_id",
            "description content post_text caption",
            "date_posted create_time",
            "url",
        ),
        id="post_id id shortcode pk",
        text=("title", "description content post_text caption"),
        author="user_posted user_username_raw profile_username user_id",
        date="date_posted create_time",
        author_name="name",
        pictures=(Pictures("photos.*"), Pictures("images.*"), Pictures("attachments.*", "url", "type")),
    ),
    Network(
        "9GAG",
        ("creationTs", "title", "images"),
        text=("title", "description"),
        author="creator.username",
        date="creationTs",
        pictures=(Pictures("images", "image700.url image460.url", "", "image700.alt"),),
    ),
    Network(
        "Imgur",
        ("title description", "created_at", "account_id account", "media cover cover_id image_count"),
        text=("title", "description"),
        author="account.username account_id",
        date="created_at",
        pictures=(Pictures("media.*", "url", "type", "metadata.title"), Pictures("cover", "url", "type")),
    ),
    Network(
        "Pinterest",
        ("pinner", "images", "id"),
        text=("title grid_title", "description"),
        author="pinner.username",
        date="created_at",
        author_name="pinner.full_name",
        pictures=(Pictures("images", "orig.url 736x.url", "", "auto_alt_text"),),
    ),
    Network(
        "RedNote",
        ("note_card noteCard", "id"),
        text=(
            "note_card.display_title note_card.title noteCard.displayTitle noteCard.title",
            "note_card.desc noteCard.desc",
        ),
        author="note_card.user.nickname noteCard.user.nickname note_card.user.nick_name",
        date="note_card.time noteCard.time",
        pictures=(
            Pictures("note_card.image_list.*", "url_default info_list.0.url"),
            Pictures("note_card.cover", "url_default url"),
            Pictures("noteCard.cover", "urlDefault url"),
        ),
    ),
    Network(
        "Tumblr",
        ("blog_name blogName", "timestamp", "summary body caption content"),
        id="id_string idString id",
        text=("title", "body caption text summary"),
        author="blog_name blogName",
        date="timestamp",
        is_html=True,
        pictures=(
            Pictures("photos.*", "original_size.url", "", "caption"),
            Pictures("content.*", "media.0.url", "type", "alt_text"),
        ),
    ),
    Network(
        "LinkedIn",
        ("commentary.text.text commentary", "actor.name.text actor actorName"),
        id="updateMetadata.urn preDashEntityUrn entityUrn urn id",
        text=("commentary.text.text commentary",),
        author="actor.name.text actorName actor",
        date="postedAt publishedAt createdAt",
        pictures=(Pictures("content.images.*", "url"),),
    ),
    Network(
        "Instagram or Threads, downloaded",
        ("media.*.uri", "media.*.creation_timestamp"),
        id="",
        text=("title media.0.title",),
        date="creation_timestamp media.0.creation_timestamp",
        pictures=(Pictures("media.*", "uri"),),
        is_garbled=True,
    ),
    Network(
        "Instagram, downloaded",
        ("uri", "creation_timestamp"),
        id="",
        text=("title",),
        date="creation_timestamp",
        pictures=(Pictures("uri"),),
        is_garbled=True,
    ),
    Network(
        "Facebook, downloaded",
        ("timestamp", "data attachments", "data.*.post attachments.*.data title"),
        id="",
        text=("data.*.post",),
        date="timestamp",
        is_garbled=True,
        pictures=(Pictures("attachments.*.data.*.media", "uri", "", "description"),),
    ),
    Network(
        "Instagram, downloaded",
        ("string_map_data.Comment.value", "string_map_data"),
        id="",
        text=("string_map_data.Comment.value",),
        date="string_map_data.Time.timestamp",
        is_garbled=True,
    ),
    Network(
        "TikTok, downloaded",
        ("comment Comment", "date Date"),
        id="",
        text=("comment Comment",),
        date="date Date",
        has_not="id user author username text",
    ),
    Network(
        "TikTok, downloaded",
        ("Link link", "Date date", "Likes likes", "Title title"),
        id="",
        text=("Title title",),
        date="Date date",
        has_not="id user author username text",
    ),
)
COMMON = Network(
    "",
    ("text body caption content description message title",),
    id="post_id tweet_id status.id submission_id shortcode post_shortcode index gid id pk code urn",
    text=(
        "content.text content description.text description caption.text caption text_raw text"
        " selftext body desc message commentary.text.text commentary summary title comment",
    ),
    author="account.acct author.username author.handle author.screen_name author.uniqueId"
    " author.name username user.username user.screen_name user.name owner.username"
    " owner.name blog_name creator.username creator.name creator uploader artist"
    " actor.name.text author owner user",
    date="date post_date created_at createdAt create_date createTime create_time created_utc"
    " creationTs timestamp published publish_date publishedAt taken_at time",
    author_name="fullname author.nick author.display_name user.nick user.full_name owner.realname"
    " author.nickname",
    language="lang language",
    pictures=(
        Pictures("images.*", "url original.url"),
        Pictures("images.*"),
        Pictures("media.*", "url"),
        Pictures("image", "url"),
        Pictures("image"),
        Pictures("image_url"),
        Pictures("display_url"),
        Pictures("cover", "url"),
    ),
    is_html=True,
)
"""Names that mean the same in many networks, for a record of which nothing is known but the site."""

COUNTS = {
    "url": "url permalink link postUrl webVideoUrl twitterUrl tweet_url permalink_url facebookUrl",
    "conversation_id": "conversation_id conversationId link_id",
    "reply_to": "in_reply_to_id inReplyTo inReplyToId parent_id",
    "likes": "favourites_count favorite_count like_count likeCount likes.count likesCount likes_count"
    " diggCount stats.diggCount statistics.digg_count statistics.actual.likeCount score ups likes"
    " edge_media_preview_like.count",
    "retweets": "reblogs_count retweet_count retweetCount repost_count shareCount stats.shareCount"
    " share_count statistics.share_count statistics.actual.shareCount shares reposts_count",
    "replies": "replies_count reply_count replyCount comment_count commentsCount commentCount"
    " stats.commentCount statistics.comment_count statistics.actual.commentCount edge_media_to_comment.count"
    " num_comments comments",
    "views": "view_count viewCount views_count playCount stats.playCount statistics.play_count views",
}
"""Names that mean the same in every network."""
