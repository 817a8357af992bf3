"""What the page says besides the rules' own texts. `one|many` is chosen by the number `n`."""

from __future__ import annotations

from residency.rules.base import Texts

WORDS = {
    # --- the frame ---
    "title": Texts("Where personal data stand", "個人データの保存先"),
    "skip": Texts("Skip to the findings", "指摘事項へ移動"),
    "languages": Texts("Language", "言語"),
    "contents": Texts("On this page", "目次"),
    "policy": Texts("Policy", "方針"),
    "checked": Texts("Checked", "確認日時"),
    "atlas": Texts("Atlas", "位置台帳"),
    "seen": Texts("Seen", "確認対象"),
    "seen_counts": Texts(
        "{done} of {all} listings complete · {stores} stores · {copies} copies",
        "一覧取得 {all} 件中 {done} 件完了 · 保存先 {stores} 件 · 複製 {copies} 件",
    ),
    "selection": Texts(
        "This run was narrowed to {what}. It says nothing of the rest.",
        "対象を {what} に限定した実行であり、それ以外については何も示さない。",
    ),
    "took_over": Texts(
        "A part of its facts was seen by earlier runs: {what}.",
        "事実の一部は以前の実行で確認したもの: {what}。",
    ),
    "replaces": Texts(
        "The config replaces {n} shipped fact: {what}|The config replaces {n} shipped facts: {what}",
        "付属の情報 {n} 件を設定で置き換えている: {what}",
    ),
    "replaced": Texts("Shipped facts that the config replaces", "設定で置き換えた付属の情報"),
    "none": Texts("None.", "なし。"),
    # --- the verdict: a word, and one sentence ---
    "word:violations": Texts("FAIL", "不適合"),
    "word:violations-and-incomplete": Texts("FAIL, AND NOT ALL CHECKED", "不適合・未確認あり"),
    "word:incomplete": Texts("NOT CHECKED", "未確認あり"),
    "word:no-violation": Texts("PASS", "適合"),
    "word:no-violation-with-accepted-gaps": Texts("PASS, WITH ACCEPTED GAPS", "適合(受容済みの未確認あり)"),
    "word:nothing-checked": Texts("NOTHING CHECKED", "確認対象なし"),
    "violations": Texts("No: this run found {parts}.", "いいえ: {parts}がある。"),
    "violations-and-incomplete": Texts(
        "No: this run found {parts}, and left {left} not checked or not decided.",
        "いいえ: {parts}があり、未確認・未判断が {left}ある。",
    ),
    "incomplete": Texts(
        "We cannot say yet: nothing that was seen breaks the promise, but this run left {left} not checked or not "
        "decided.",
        "まだ判断できない: 確認した範囲に不適合はないが、未確認・未判断が {left}ある。",
    ),
    "no-violation": Texts(
        "Yes: everything in the required scope was seen, and nothing breaks the promise.",
        "はい: 必須の対象範囲をすべて確認し、不適合はない。",
    ),
    "no-violation-but": Texts(
        "Yes, with {parts}: everything else in the required scope was seen, and nothing else breaks the promise.",
        "はい({parts}を除く): 必須の対象範囲のほかのすべてを確認し、ほかに不適合はない。",
    ),
    "nothing-checked": Texts(
        "Nothing was checked: the plan holds nothing in scope to look at, so this page answers nothing.",
        "何も確認していない: 対象範囲に確認する区画がないため、このページは何も示さない。",
    ),
    "and": Texts("{first} and {last}", "{first}、{last}"),
    "comma": Texts(", ", "、"),
    "outside": Texts(
        "{n} copy of personal data outside {places}|{n} copies of personal data outside {places}",
        "{places}以外に保存された個人データの複製 {n} 件",
    ),
    "places": Texts("the allowed places ({names})", "許可された保存先({names})"),
    "places_of_policies": Texts("the places that its policy allows", "各方針の許可する保存先"),
    "violated": Texts("{n} violation|{n} violations", "不適合 {n} 件"),
    "other_violated": Texts("{n} other violation|{n} other violations", "その他の不適合 {n} 件"),
    "left": Texts("{n} thing|{n} things", "{n} 件"),
    "accepted_gaps": Texts("{n} accepted gap|{n} accepted gaps", "受容済みの未確認 {n} 件"),
    "excepted_findings": Texts("{n} excepted finding|{n} excepted findings", "例外 {n} 件"),
    # --- four numbers ---
    "numbers": Texts("Four numbers", "4 つの件数"),
    "n:violations": Texts("violation|violations", "不適合"),
    "n:decisions": Texts("decision|decisions", "要判断"),
    "n:causes": Texts("cause of gaps|causes of gaps", "未確認の原因"),
    "n:accepted": Texts("accepted gap|accepted gaps", "受容済みの未確認"),
    "about:violations": Texts(
        "What breaks the promise: a place, a share, a key, an operator, a missing paper.",
        "約束に反するもの: 保存先、共有、鍵、事業者、書類の不足。",
    ),
    "about:decisions": Texts(
        "Nobody has said what these data are; somebody has to decide.",
        "データの種類が未分類のもの。判断が必要。",
    ),
    "about:causes": Texts(
        "Each is one thing to do, after which more can be seen.",
        "それぞれ一つの対処で確認できるようになる。",
    ),
    "about:accepted": Texts(
        "Not seen, and approved for a time by somebody who answers for it.",
        "確認できていないが、期限と責任者を定めて承認したもの。",
    ),
    "unchecked_sum": Texts(
        "Not checked or not decided, in all: {all} = {decisions} to decide + {gaps} not seen + {others} more.",
        "未確認・未判断は計 {all} 件 = 要判断 {decisions} + 未確認の原因 {gaps} + その他 {others}。",
    ),
    # --- actions ---
    "actions": Texts("What to do first", "最初に行うこと"),
    "closes": Texts("closes {n} finding|closes {n} findings", "{n} 件を解消"),
    "age": Texts("open for {n} day|open for {n} days", "経過 {n} 日"),
    "new": Texts("new", "新規"),
    "more": Texts("and {n} more", "ほか {n} 件"),
    "actions_more": Texts(
        "{n} further action stands with the findings below.|{n} further actions stand with the findings below.",
        "ほかに {n} 件の対処があり、以下の各指摘に示す。",
    ),
    "nothing_to_do": Texts("Nothing has to be done.", "対処が必要なものはない。"),
    "nobody": Texts("not named", "未設定"),
    # --- approvals ---
    "accepted": Texts("Accepted and excepted", "受容・例外"),
    "accepted_caption": Texts(
        "Approvals that this run used, the first to end first", "この実行で用いた承認(期限の早い順)"
    ),
    "no_approvals": Texts("No exception and no acceptance was used.", "例外・受容の適用はない。"),
    "id": Texts("Id", "識別子"),
    "approval_kind": Texts("What", "種類"),
    "exception": Texts("exception", "例外"),
    "acceptance": Texts("accepted gap", "未確認の受容"),
    "out_of_scope": Texts("out of scope", "対象外"),
    "reason": Texts("Reason", "理由"),
    "owner": Texts("Owner", "責任者"),
    "approver": Texts("Approved by", "承認者"),
    "ends": Texts("Ends", "期限"),
    "days_left": Texts("{n} day left|{n} days left", "残り {n} 日"),
    # --- findings ---
    "section:violation": Texts("Violations", "不適合"),
    "section:not-checked": Texts("Not checked", "未確認"),
    "section:warning": Texts("Warnings", "警告"),
    "section:excepted": Texts("Excepted", "例外"),
    "no:violation": Texts("No violation.", "不適合はない。"),
    "no:warning": Texts("No warning.", "警告はない。"),
    "no:excepted": Texts("Nothing is excepted.", "例外はない。"),
    "part:decisions": Texts("To decide", "要判断"),
    "part:causes": Texts("Not seen", "確認できなかったもの"),
    "part:others": Texts("Other things not checked", "その他の未確認"),
    "decided_above": Texts(
        "These also wait for a decision, and stand under another heading: ", "次も判断待ちで、別の見出しに示す: "
    ),
    "findings": Texts("{n} finding|{n} findings", "{n} 件"),
    "rule": Texts("Rule", "規則"),
    "clause": Texts("Clause", "条項"),
    "source": Texts("Source", "出典"),
    "fix": Texts("Fix", "対処"),
    "held_by": Texts("Held by", "保有"),
    "evidence": Texts("Evidence", "根拠"),
    "where": Texts("Written in", "記述箇所"),
    "excepted_by": Texts("Approved as", "承認番号"),
    "its_copies": Texts("its copies", "複製の一覧"),
    "fingerprint": Texts("Fingerprint", "指紋"),
    "assumed": Texts(
        "Nobody has said that the data are personal; that they are is assumed.", "個人データとみなして判定(未分類)。"
    ),
    # --- stores ---
    "stores": Texts("Stores and copies", "保存先と複製"),
    "by_country": Texts("Copies by country", "保存先の国別の複製数"),
    "country": Texts("Country", "国"),
    "copies": Texts("Copies", "複製"),
    "share": Texts("Share", "割合"),
    "outside_there": Texts("In violation by place", "保存先の不適合"),
    "??": Texts("Not known", "不明"),
    "mixed": Texts("Several countries", "複数の国"),
    "listed": Texts("Stores that do not simply pass", "個別に確認を要する保存先"),
    "no_listed": Texts("Every store passes.", "すべての保存先が適合又は対象外。"),
    "copy": Texts("Copy", "複製"),
    "place": Texts("Place", "保存先の国と場所"),
    "verdict": Texts("Verdict", "判定"),
    "holder": Texts("Held and operated by", "保有者・事業者"),
    "control": Texts("Access prevention", "アクセス防止措置"),
    "said_by": Texts("Said by", "根拠"),
    "one_of": Texts("one of", "次のいずれか"),
    "grade": Texts("grade {grade}", "等級 {grade}"),
    "grade_unread": Texts("could not be read", "読み取れない"),
    "no_control": Texts("not read", "情報なし"),
    "key": Texts("key", "鍵"),
    "operated_by": Texts("operated by", "事業者"),
    "account": Texts("Account", "アカウント"),
    "kind": Texts("Kind", "種類"),
    "data_class": Texts("Data", "データの種類"),
    "former": Texts("switched off, may remain", "設定は無効、残存の可能性"),
    "state:exists": Texts("exists", "存在"),
    "state:planned": Texts("planned", "作成予定"),
    "state:may-appear": Texts("may appear", "作成され得る"),
    "places_are": Texts("places:", "保存先:"),
    "verdict:permitted": Texts("permitted", "適合"),
    "verdict:prohibited": Texts("prohibited", "不適合"),
    "verdict:undetermined": Texts("not checked", "未確認"),
    "verdict:excepted": Texts("excepted", "例外"),
    "verdict:not-personal": Texts("not personal", "対象外"),
    "everyone": Texts("everyone", "全員"),
    "passing": Texts("Stores that pass, by country, account and kind", "適合・対象外の保存先(国・アカウント・種類別)"),
    "passing_note": Texts(
        "A verdict here is about places. A copy that is a store of its own is counted with both. "
        "Every store and every copy stands singly in the JSON result of the same facts: sha256 {digest}.",
        "ここでの判定は保存先についてのもの。それ自体が保存先である複製は両方に数える。"
        "個々の保存先と複製は、同じ事実から作る JSON の結果にすべて示す: sha256 {digest}。",
    ),
    "no_passing": Texts("No store passes.", "適合・対象外の保存先はない。"),
    "n_stores": Texts("Stores", "保存先"),
    # --- coverage ---
    "coverage": Texts("Coverage", "確認範囲"),
    "matrix": Texts("{provider}: accounts and regions", "{provider}: アカウントとリージョン"),
    "legend": Texts("Legend", "凡例"),
    "sign:n": Texts("stores listed", "一覧に載った保存先の数"),
    "sign:0": Texts("listed, and empty", "一覧を取得し、空"),
    "sign:-": Texts("not in scope, not offered, or the region is off", "対象外、未提供、又はリージョンが無効"),
    "sign:?": Texts("not checked, with the number of gaps", "未確認と、その件数"),
    "sign:(?)": Texts("not seen, but accepted or only tracked", "確認できていないが、受容済み又は参考扱い"),
    "global": Texts(
        "global: what is listed once for an account, wherever it stands. "
        "A cell of the table shows the worst of its services.",
        "global: 場所によらずアカウントで一度に一覧を取得するもの。各欄は、そのサービスのうち最も悪いものを示す。",
    ),
    "folded": Texts("- in every account: {regions}", "すべてのアカウントで -: {regions}"),
    "gaps": Texts("What was not seen", "確認できなかったものの一覧"),
    "no_gaps": Texts("Every planned listing was complete.", "計画した一覧取得はすべて完了した。"),
    "nothing_planned": Texts("Nothing was planned.", "計画した一覧取得はない。"),
    "status": Texts("Status", "状態"),
    "call": Texts("Call, and the right it needs", "呼び出しと必要な権限"),
    "regions": Texts("Regions", "リージョン"),
    "services": Texts("Services", "サービス"),
    "n_gaps": Texts("Gaps", "件数"),
    "counts_as": Texts("Counts as", "扱い"),
    "level:required": Texts("required", "必須"),
    "level:tracked": Texts("tracked", "参考"),
    "level:out": Texts("out of scope", "対象外"),
    "level:accepted": Texts("accepted", "受容済み"),
    # --- method ---
    "method": Texts("Method and identification", "方法と識別情報"),
    "run": Texts("Run", "実行"),
    "started": Texts("Started", "開始"),
    "ended": Texts("Ended", "終了"),
    "interrupted": Texts("it did not end", "終了していない"),
    "principal": Texts("Asked as", "実行主体"),
    "tool": Texts("Tool", "ツール"),
    "facts": Texts("Facts", "事実"),
    "config": Texts("Config", "設定"),
    "allowed": Texts("Allowed places", "許可された保存先"),
    "exit_code": Texts("Exit code", "終了コード"),
    "exit:0": Texts(
        "nothing in the required scope unseen, no violation that counts for the code",
        "必須の対象範囲に未確認はなく、終了コードに数える不適合もない",
    ),
    "exit:1": Texts("violations", "不適合あり"),
    "exit:3": Texts(
        "something in the required scope was not seen or not decided", "必須の対象範囲に未確認・未判断あり"
    ),
    "exit:4": Texts("violations, and something was not seen or not decided", "不適合あり、かつ未確認・未判断あり"),
    "exit:5": Texts("nothing was checked", "確認対象なし"),
    "not_supported": Texts("What is not followed", "追跡していないもの"),
    "followed_caption": Texts(
        "Kinds whose copies were followed in part, or not at all", "複製の追跡が一部のみ、又はない種類"
    ),
    "followed": Texts("Copies followed", "複製の追跡"),
    "followed:some": Texts("some", "一部"),
    "followed:none": Texts("none: judged by their own place", "なし: 自らの場所のみで判定"),
    "all_followed": Texts(
        "The copies of every store that was seen were followed in full.",
        "確認したすべての保存先について、複製をすべて追跡した。",
    ),
    "principle": Texts(
        "What was not seen is never a pass. No place is inherited from a region, guessed from a name or given a "
        "default: a place that the atlas does not hold is not checked.",
        "確認できなかったものを適合とは扱わない。場所をリージョンから引き継がず、名前から推測せず、既定値も置かない。"
        "位置台帳にない場所は未確認とする。",
    ),
    "no_loading": Texts(
        "This file loads nothing and runs nothing. It names accounts and stores: keep it as confidential as they are.",
        "このファイルは外部から何も読み込まず、何も実行しない。アカウントと保存先の名称を含むため、取扱いに注意する。",
    ),
}


def word(key: str, language: str, n: int | None = None, **facts: object) -> str:
    """The text in one language, with its facts filled in."""
    texts = WORDS[key]
    text = texts.ja if language == "ja" else texts.en
    one, bar, many = text.partition("|")
    chosen = many if bar and n != 1 else one
    return chosen.format(n=f"{n:,}" if n is not None else "", **facts)
