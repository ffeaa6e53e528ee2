"""The contracts: every task is a typed request that names its result, one file per family."""

from brandmodel.tasks._base import (
    STAGES,
    TASKS,
    Request,
    Result,
    Stage,
    Tier,
    Usage,
    Value,
    video_units,
)
from brandmodel.tasks.calls import (
    Blobs,
    Call,
    Done,
    Job,
    LongProvider,
    Provider,
    StreamingProvider,
    Target,
)
from brandmodel.tasks.image import (
    CutOut,
    GenerateImage,
    GradeImage,
    Picture,
    PlaceProduct,
    UpscaleImage,
)
from brandmodel.tasks.judging import Judge, Judgement, Moderate, Moderation, Score
from brandmodel.tasks.layout import TextBox, Typeset, TypesetPicture
from brandmodel.tasks.provenance import Sign, Signed, SourceType
from brandmodel.tasks.search import Passage, Passages, SearchDocuments
from brandmodel.tasks.values import NO_ASSET, Asset, Box, Brief, Document, Kit, Space, sketched
from brandmodel.tasks.writing import (
    Answer,
    AnswerPlan,
    CheckSources,
    Citation,
    ImagePrompt,
    Outline,
    OutlinePicture,
    PlanAnswer,
    ReadBrief,
    Reading,
    TypeLine,
    TypeRole,
    WriteAnswer,
    WriteImagePrompt,
    WritingRequest,
)
