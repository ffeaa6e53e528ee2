"""From letters to sounds: rules for English, in the spirit of Elovitz et al. (NRL 7948, 1976).

Rules are tried in order at each letter: ``(left)LETTERS(right)=phones``. In a context ``#`` is one
or more vowels, ``:`` any consonants, ``^`` one consonant, ``+`` one of e, i, y, ``_`` the edge of
the word, ``%`` an ending (e, er, es, ed, ing, ely, or s before the edge).
"""

from __future__ import annotations

import re
from functools import lru_cache

from brandmodel.local.sound.pronouncing import pronunciation

_COMMON = """
a ax | the dh ax | of ah v | to t uw | and ae n d | you y uw | your y ao r | are aa r | is ih z
was w aa z | his hh ih z | has hh ae z | have hh ae v | i ay | we w iy | he hh iy | she sh iy
be b iy | me m iy | my m ay | by b ay | do d uw | does d ah z | done d ah n | one w ah n
once w ah n s | two t uw | who hh uw | what w ah t | where w eh r | there dh eh r
their dh eh r | they dh ey | were w er | here hh ih r | our aw er | hours aw er z | hour aw er
some s ah m | come k ah m | love l ah v | give g ih v | live l ih v | from f r ah m
with w ih dh | good g uh d | people p iy p ax l | water w ao t er | would w uh d | could k uh d
should sh uh d | said s eh d | says s eh z | any eh n iy | many m eh n iy | only ow n l iy
every eh v r iy | very v eh r iy | time t ay m | four f ao r | eight ey t | eighteen ey t iy n
eighty ey t iy | eighth ey t th | half hh ae f | minute m ih n ax t | woman w uh m ax n
women w ih m ax n | great g r ey t | break b r ey k | world w er l d | work w er k | word w er d
word's w er d z | move m uw v | new n uw | few f y uw | know n ow | now n aw | how hh aw
show sh ow | down d aw n | own ow n | though dh ow | through th r uw | enough ih n ah f
thought th ao t | because b ih k ah z | been b ih n | being b iy ih ng | into ih n t uw
today t ax d ey | together t ax g eh dh er | put p uh t | push p uh sh | full f uh l
pull p uh l | busy b ih z iy | business b ih z n ax s | build b ih l d | heart hh aa r t
earth er th | early er l iy | learn l er n | friend f r eh n d | orange ao r ax n jh
coffee k ao f iy | little l ih t ax l | city s ih t iy | pretty p r ih t iy | beauty b y uw t iy
ocean ow sh ax n | sugar sh uh g er | sure sh uh r | surely sh uh r l iy | eye ay | eyes ay z
island ay l ax n d | iron ay er n | o'clock ax k l aa k | don't d ow n t | won't w ow n t
can't k ae n t | it's ih t s | let's l eh t s | we're w ih r | you're y uh r | isn't ih z ax n t
taste t ey s t | ready r eh d iy | design d ih z ay n | machine m ax sh iy n
company k ah m p ax n iy | colour k ah l er | color k ah l er | studio s t uw d iy ow
idea ay d iy ax | area eh r iy ax | piece p iy s
"""
EXCEPTIONS = {
    parts[0]: tuple(parts[1:])
    for parts in (entry.split() for entry in re.split(r"[|\n]", _COMMON))
    if parts
}

_RULES_TEXT = """
(_)ARE(_)=aa r; (^)AR(E_)=eh r; AIR=eh r; ARR=eh r; AR(_)=aa r; ALK=ao k; ALL=ao l; AL(M)=aa;
AUGH=ao; AU=ao;
AW=ao; AI=ey; AY=ey; WAR=w ao r; (W)A(N)=aa; (W)A(S)=aa; (W)A(T)=aa; (QU)A(L)=aa; AR=aa r;
(_:)A(^^E_)=ey; A(NGE)=ey; A(STE)=ey;
ABLE(_)=ax b ax l; A(BLE)=ey; AGE(_)=ih jh; (#:)AL(_)=ax l; A(TION)=ey; A(TIVE)=ax; (#:)A(TE_)=ey;
A(^%)=ey;
A(^IA)=ey; A(^I#)=ey; A(^E)=ey; (#:)A(_)=ax; A(_)=ax; (_)A(BOUT)=ax; (_)A(GAIN)=ax; (_)A(LONG)=ax;
A=ae;
BB=b; (M)B(_)=; B=b;
CIOUS=sh ax s; CIAL=sh ax l; CIAN=sh ax n; CH(R)=k; (S)CH=k; TCH=ch; CH=ch; CC(+)=k s; CC=k; CK=k;
(S)C(+)=;
C(+)=s; C=k;
DD=d; DGE=jh; (#:)DED(_)=d ih d; D=d;
(#:T)ED(_)=ih d; (#:D)ED(_)=ih d; (#:P)ED(_)=t; (#:K)ED(_)=t; (#S)ED(_)=d; (#:S)ED(_)=t; (#:H)ED(_)=t;
(#:F)ED(_)=t;
(#:C)ED(_)=t; (#:X)ED(_)=t; (#:)ED(_)=d; EAUTI=y uw t ax; EAUTY=y uw t iy; EAU=ow; EER=ih r;
EE=iy; EAR(^)=er; EAR=ih r; EAD(_)=eh d;
EA(TH)=eh; EA(V)=eh; EA=iy; EIGH=ey; (C)EI=iy; EIR=eh r; EI=iy; EU=y uw; EW=y uw; EY(_)=iy; EY=ey;
(#:)ERY(_)=er iy; ERE(_)=ih r; ERR=eh r; (#:)ER=er; ER=er; (#:S)ES(_)=ih z; (#:C)ES(_)=ih z;
(#:G)ES(_)=ih z;
(#:Z)ES(_)=ih z; (#:H)ES(_)=ih z; (#:X)ES(_)=ih z; (#:)E(S_)=; (#:)E(LY_)=; (#:)E(MENT)=;
(#:)E(FUL)=; (#:)E(LESS)=; (#:)E(_)=;
(_:)E(_)=iy; (#:)EN(_)=ax n; (#:)EL(_)=ax l; (_)E(^#)=ih; E(^ER_)=eh; E(^E_)=iy; E(^IA)=iy;
E(^I#)=iy; (#:)E(NT)=ax;
(#:)E(NCE)=ax; (_B)E(^#)=ih; (_D)E(^#)=ih; (_R)E(^#)=iy; E=eh;
FUL=f ax l; FF=f; F=f;
GGE=g; GG=g; (_)GN=n; GN(_)=n; GHT=t; (_)GH=g; GH=; (_)GE(T)=g eh; (_)GI(V)=g ih; (N)G(+)=jh;
G(+)=jh; G=g;
(_)HON=aa n; H(#)=hh; H=;
IER(_)=iy er; IES(_)=iy z; (_QU)IET=ay ax t; IED(_)=iy d; IE(ND)=eh; (_:)IE(_)=ay; IE=iy; IGH=ay;
ION=y ax n; IR(E)=ay r; IR(#)=ih r; IR=er; I(LD_)=ay; (T)I(VE_)=ih; I(FUL)=ih;
I(ND_)=ay; ISE(_)=ay z; IZE(_)=ay z; IQUE=iy k; (#:)ING(_)=ih ng; ING=ih ng; I(^E_)=ay;
I(^ES_)=ay; I(^ED_)=ay; I(^ING_)=ay; I(^^LE_)=ih; I(^ER_)=ay;
(#:)IC(_)=ih k; (_QU)IE(T)=ay ax; IO=iy ow; IA=iy ax; IU=iy ax; (_)I(_)=ay; (_:)I(_)=ay;
(#:)I(_)=iy; I=ih;
J=jh; (_)K(N)=; K=k; (#^)LE(_)=ax l; (#^)LES(_)=ax l z; LL=l; (A)L(M)=; L=l; MM=m; M=m;
NG(+)=n jh; NG(R)=ng g; NG(#)=ng g; NGL=ng g ax l; NG=ng; NK=ng k; NN=n; N=n;
OUGHT=ao t; OUGH=ow; OULD=uh d; OUS=ax s; OUP=uw p; OUR(_)=ao r; OUR=ao r; OU=aw; OW(_)=ow;
OW(N_)=ow; OW=aw; OY=oy; OI=oy; OOR=ao r; OOK=uh k;
OOD=uh d; OO=uw; OAR=ao r; OA=ow; OE=ow; (W)OR=er; OR=ao r; (_)O(NE)=w ah; O(THER)=ah; O(X)=aa; O(LD)=ow;
O(LL_)=ow; O(ST_)=ow; (C)O(M)=ah; (#:)ON(_)=ax n; (#:)OM(_)=ax m;
(#:)OR(_)=er; O(_)=ow; (_M)O(THER)=ah; (TH)O(_)=ow; O(^E_)=ow; O(^ES_)=ow; O(^ED_)=ow;
O(^ING_)=ow; O(^EN_)=ow; O(^I#)=ow; O(^A_)=ow; O(^US_)=ow; O=aa;
PH=f; PP=p; (_)PS=s; (_)PN=n; P=p; QUE(_)=k; QU=k w; RRH=r; RH=r; RR=r; R=r;
SSION=sh ax n; SION=zh ax n; SURE=zh er; SCH=s k; SH=sh; SS=s; STLE=s ax l; STEN=s ax n;
(#)SE(_)=z; (#:^)SES(_)=s ih z;
(#)S(M_)=z; (#B)S(_)=z; (#D)S(_)=z; (#G)S(_)=z; (#L)S(_)=z; (#M)S(_)=z; (#N)S(_)=z; (#R)S(_)=z;
(#V)S(_)=z; (#NG)S(_)=z; (U)S(_)=s; (S)S(_)=s; (#:#)S(_)=z; (#)S(#)=z; S=s;
TION=sh ax n; TIAL=sh ax l; TIENT=sh ax n t; TURE=ch er; TURAL=ch er ax l; TUAL=ch uw ax l;
(_)TH(IS)=dh; (_)TH(AT)=dh; (_)TH(E)=dh; (_)TH(AN_)=dh; (_)TH(OSE)=dh; (_)TH(US)=dh; (#)TH(ER)=dh;
THE(_)=dh; TH=th; TT=t; T=t;
(G)U(#)=; (_)UN=ah n; UY=ay; UI=uw; URE=y uh r; UR(#)=y uh r; UR=er; U(^_)=ah; (R)U(^E)=uw;
(L)U(^E)=uw; (S)U(^E)=uw; (T)U(^#)=uw; (D)U(^#)=uw; (N)U(^#)=uw; (R)U(^#)=uw; (L)U(^#)=uw;
U(^^)=ah; UE(_)=uw; U(^#)=y uw; U(_)=uw; U=ah;
V=v; (_)WR=r; WHO=hh uw; WH=w; WW=w; W=w; (_)X=z; X=k s;
(_)Y=y; (_:)Y(_)=ay; (#:)Y(_)=iy; Y(^E_)=ay; (#:)Y(#)=iy; Y(^#)=ay; Y=ih; ZZ=z; Z=z; '=;
"""
_PIECES = {
    "#": "[AEIOUY]+", ":": "[^AEIOUY']*", "^": "[^AEIOUY']", "+": "[EIY]", "_": "(?<![A-Z'])",
    "%": "(?:E|ER|ES|ED|ING|ELY|S)(?![A-Z'])",
}  # fmt: skip
_SHAPE = re.compile(r"(?:\((?P<left>[^)]*)\))?(?P<letters>[A-Z']+)(?:\((?P<right>[^)]*)\))?")
Rule = tuple[re.Pattern[str], str, re.Pattern[str], tuple[str, ...]]


def _compiled() -> dict[str, list[Rule]]:
    rules: dict[str, list[Rule]] = {}
    for entry in re.split(r"[;\n]+", _RULES_TEXT):
        head, _, phones = entry.strip().partition("=")
        found = _SHAPE.fullmatch(head)
        if not found:
            continue
        left = "".join(_PIECES.get(c, c) for c in found["left"] or "")
        right = "".join(_PIECES.get(c, c) for c in (found["right"] or "").replace("_", "$"))
        rule = (
            re.compile(f"(?:{left})$"),
            found["letters"],
            re.compile(right),
            tuple(phones.split()),
        )
        rules.setdefault(found["letters"][0], []).append(rule)
    return rules


_RULES = _compiled()


@lru_cache(maxsize=4096)
def phones_of(word: str) -> tuple[str, ...]:
    """The phones of a lower-case word; at least one."""
    known = pronunciation(word)
    if known:
        return tuple(re.sub(r"\d", "", known).split())
    if word in EXCEPTIONS:
        return EXCEPTIONS[word]
    upper, at = "".join(c for c in word.upper() if c.isascii() and (c.isalpha() or c == "'")), 0
    out: list[str] = []
    while at < len(upper):
        size, phones = _applied(upper, at)
        out += phones
        at += size
    return tuple(out) or ("ax",)


def _applied(word: str, at: int) -> tuple[int, tuple[str, ...]]:
    for left, letters, right, phones in _RULES.get(word[at], ()):
        end = at + len(letters)
        if word.startswith(letters, at) and left.search(word[:at]) and right.match(word[end:]):
            return len(letters), phones
    return 1, ()
