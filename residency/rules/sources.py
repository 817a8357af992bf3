"""The clauses that several rules enforce, and where clauses are written down: how near to the authority was read."""

from residency.rules.base import Texts

PLACE_CLAUSE = Texts("the servers stand only in the places the policy allows", "サーバの設置国は方針の定める国に限る")
MEASURE_CLAUSE = Texts(
    "technical measures prevent the operator from accessing the saved data",
    "事業者が保存データにアクセスできない技術的措置",
)
UNSEEN_CLAUSE = Texts("what was not seen is never a pass", "確認できなかったものを適合とは扱わない")
APPROVAL_CLAUSE = Texts(
    "what does not count has an owner, a cause and an end", "対象外とするものには責任者・理由・期限がある"
)

_AS_QUOTED = "(as quoted there, read 2026-11-22; the authority's own page was not read)"

FOREIGN_COUNTRY = f"APPI Art. 28: https://www.businesslawyers.jp/practices/1438 {_AS_QUOTED}"
SERVER_COUNTRY = "PPC FAQ 16-4: https://www.ppc.go.jp/all_faq_index/faq5-q16-4 (excerpt read 2026-11-22)"
CLOUD_EXCEPTION = f"APPI Art. 25 and 27, PPC Q&A 7-53: https://www.businesslawyers.jp/articles/1399 {_AS_QUOTED}"
ALERT_OF_2024 = f"PPC alert of 25 March 2024: https://gvalaw.jp/blog/i20240702 {_AS_QUOTED}"
LEGAL_ENTITY = "PPC Q&A 12-11 (unverified: known at second hand)"
DEFINITION = "APPI Art. 2(1) (unverified: the text of the Act was not read)"
GROUND_RULE = "this program's own ground rule: docs/architecture.md"
APPROVALS = "this program's own ground rule: docs/config.md"
