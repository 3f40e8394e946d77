"""Operations that a SavedModel may hold: arithmetic, shape, convolution, control flow, variables.

A list of what is refused could never be complete: TensorFlow has 1500 operations, and those on
files, on processes and on Python are found under many names. What is not listed here is refused.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

_ARITHMETIC: Final = """
Abs Acos Acosh Add AddN AddV2 Asin Asinh Atan Atan2 Atanh BatchMatMul BatchMatMulV2 BatchMatMulV3
BiasAdd BiasAddV1 Bucketize Cast Ceil ClipByValue Complex ComplexAbs Conj Cos Cosh Cross Cumprod
Cumsum CumulativeLogsumexp Digamma Div DivNoNan Einsum Elu Equal Erf Erfc Erfinv Exp Expm1 Floor
FloorDiv FloorMod Greater GreaterEqual Igamma Igammac Imag Inv Invert IsFinite IsInf IsNan L2Loss
LeakyRelu Less LessEqual Lgamma LinSpace Log Log1p LogicalAnd LogicalNot LogicalOr LogSoftmax MatMul
Maximum Minimum Mod Mul MulNoNan Neg NextAfter NotEqual Pow Range Real RealDiv Reciprocal Relu Relu6
Rint Round Rsqrt Selu Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Square SquaredDifference
Sub Tan Tanh TruncateDiv TruncateMod Xdivy Xlog1py Xlogy Zeta BitwiseAnd BitwiseOr BitwiseXor
LeftShift RightShift Betainc Polygamma Angle
All Any ArgMax ArgMin Max Mean Min Prod Sum EuclideanNorm Bincount DenseBincount InTopKV2 TopK
TopKV2 SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum UnsortedSegmentMax
UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum
FFT FFT2D FFT3D IFFT IFFT2D IFFT3D RFFT RFFT2D RFFT3D IRFFT IRFFT2D IRFFT3D
Cholesky MatrixInverse MatrixDeterminant MatrixSolve MatrixTriangularSolve Qr Svd SelfAdjointEigV2
FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel
QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4
"""
_SHAPE: Final = """
BatchToSpace BatchToSpaceND BroadcastArgs BroadcastTo Concat ConcatOffset ConcatV2 Const
DepthToSpace Diag DiagPart EnsureShape ExpandDims Fill Gather GatherNd GatherV2 Identity IdentityN
InvertPermutation MatrixBandPart MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3
MatrixDiagV2 MatrixDiagV3 MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 MirrorPad OneHot OnesLike
Pack Pad PadV2 Placeholder PlaceholderWithDefault Rank Reshape ResizeArea ResizeBicubic
ResizeBilinear ResizeNearestNeighbor ScaleAndTranslate Reverse ReverseSequence ReverseV2 Roll
ScatterNd Select SelectV2 Shape ShapeN Size Slice SpaceToBatch SpaceToBatchND SpaceToDepth Split
SplitV Squeeze StopGradient StridedSlice TensorScatterAdd TensorScatterMax TensorScatterMin
TensorScatterSub TensorScatterUpdate TensorStridedSliceUpdate Tile Transpose Unique UniqueV2 Unpack
Where ZerosLike PreventGradient Snapshot CropAndResize ImageProjectiveTransformV2
ImageProjectiveTransformV3 ExtractImagePatches
"""
_CONVOLUTION: Final = """
AvgPool AvgPool3D Conv Conv2D Conv2DBackpropInput Conv2DBackpropInputV2 Conv3D
Conv3DBackpropInputV2 DepthwiseConv2dNative DepthwiseConv2dNativeBackpropInput Dilation2D
FractionalAvgPool FractionalMaxPool FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3
FusedPadConv2D FusedResizeAndPadConv2D LRN MaxPool MaxPool3D MaxPoolV2 MaxPoolWithArgmax
"""
_CONTROL: Final = """
Case ControlTrigger Enter Exit If LoopCond Merge NextIteration NoOp PartitionedCall RefEnter RefExit
RefIdentity RefMerge RefNextIteration RefSwitch StatefulPartitionedCall StatelessCase StatelessIf
StatelessWhile Switch While
EmptyTensorList TensorListConcat TensorListConcatV2 TensorListElementShape TensorListFromTensor
TensorListGather TensorListGetItem TensorListLength TensorListPopBack TensorListPushBack
TensorListReserve TensorListResize TensorListSetItem TensorListSplit TensorListStack
"""
_VARIABLES: Final = """
Assign AssignAdd AssignAddVariableOp AssignSub AssignSubVariableOp AssignVariableOp
DestroyResourceOp DisableCopyOnRead IsVariableInitialized ReadVariableOp ResourceGather
ResourceGatherNd VarHandleOp VarIsInitializedOp Variable VariableShape VariableV2
RandomStandardNormal RandomUniform RandomUniformInt StatelessRandomGetAlg
StatelessRandomGetKeyCounter StatelessRandomGetKeyCounterAlg
StatelessRandomNormalV2 StatelessRandomUniformV2 TruncatedNormal
"""
ALLOWED: Final = frozenset(
    " ".join((_ARITHMETIC, _SHAPE, _CONVOLUTION, _CONTROL, _VARIABLES)).split()
)
"""Names of the operations that a model may hold anywhere."""
SAVER: Final = frozenset(
    {
        "MergeV2Checkpoints",
        "RegexFullMatch",
        "RestoreV2",
        "SaveV2",
        "ShardedFilename",
        "StaticRegexFullMatch",
        "StringJoin",
    }
)
"""Those that TensorFlow writes beside them, to save and restore the variables."""
_STRING: Final = 7  # DT_STRING
_REMOTE: Final = b"^s3://.*"  # a pattern of TensorFlow's own saver


def text_constants(nodes: Iterable[Any], /) -> Iterator[bytes]:
    """Yield the texts within the attributes of nodes that hold constants."""
    for node in nodes:
        for attribute in node.attr.values():
            for tensor in (attribute.tensor, *attribute.list.tensor):
                if tensor.dtype == _STRING:
                    # What stands in another form than a list of texts is told by that form alone.
                    yield from tensor.string_val
                    if tensor.tensor_content:
                        yield bytes(tensor.tensor_content)


def names_a_file(text: bytes, /) -> bool:
    """Return whether a saver's constant leads out of the folder that it is given."""
    # The saver's description of the variables begins with a line feed, no path of a folder does.
    if text == _REMOTE or text[:1] == b"\n":
        return False
    return text[:1] in (b"/", b"~", b"\\") or any(
        part in text for part in (b"..", b"://", b":\\", b":/", b"\0")
    )
