#include "textflag.h"

// Lengths, in octets, of what kernels.go declares; TestKernels fails if they
// no longer agree.
#define FRONT 96  // frontTaps float32
#define EQ    256 // eqTaps float32
#define BACK  44  // frontTaps/2-1 float32: where a window begins before its point

// FOLD leaves in the lowest place of x the sum of its four.
#define FOLD(x, t) \
	MOVHLPS x, t      \
	ADDPS   t, x      \
	MOVAPS  x, t      \
	SHUFPS  $1, t, t  \
	ADDSS   t, x

// func weigh(w, hr, hi *[frontTaps]float32) (a, b float32)
TEXT ·weigh(SB), NOSPLIT, $0-32
	MOVQ  w+0(FP), AX
	MOVQ  hr+8(FP), BX
	MOVQ  hi+16(FP), CX
	XORPS X0, X0
	XORPS X1, X1
	XORPS X2, X2
	XORPS X3, X3
	XORQ  DX, DX
weighing:
	MOVUPS (AX)(DX*1), X4
	MOVUPS (BX)(DX*1), X5
	MOVUPS (CX)(DX*1), X6
	MULPS  X4, X5
	MULPS  X4, X6
	ADDPS  X5, X0
	ADDPS  X6, X1
	MOVUPS 16(AX)(DX*1), X7
	MOVUPS 16(BX)(DX*1), X8
	MOVUPS 16(CX)(DX*1), X9
	MULPS  X7, X8
	MULPS  X7, X9
	ADDPS  X8, X2
	ADDPS  X9, X3
	ADDQ   $32, DX
	CMPQ   DX, $FRONT
	JLT    weighing
	ADDPS  X2, X0
	ADDPS  X3, X1
	FOLD(X0, X4)
	FOLD(X1, X5)
	MOVSS X0, a+24(FP)
	MOVSS X1, b+28(FP)
	RET

// func filter(q *equalizer, x, y *[eqTaps]float32) (re, im float32)
TEXT ·filter(SB), NOSPLIT, $0-32
	MOVQ  q+0(FP), AX
	MOVQ  x+8(FP), BX
	MOVQ  y+16(FP), CX
	XORPS X0, X0
	XORPS X1, X1
	XORPS X2, X2
	XORPS X3, X3
	XORQ  DX, DX
filtering:
	MOVUPS (AX)(DX*1), X4   // taps, real
	MOVUPS EQ(AX)(DX*1), X5 // taps, imaginary
	MOVUPS (BX)(DX*1), X6   // half symbols, real
	MOVUPS (CX)(DX*1), X7   // half symbols, imaginary
	MOVAPS X4, X8
	MOVAPS X5, X9
	MULPS  X6, X4
	MULPS  X7, X5
	MULPS  X7, X8
	MULPS  X6, X9
	ADDPS  X4, X0
	ADDPS  X5, X1
	ADDPS  X8, X2
	ADDPS  X9, X3
	ADDQ   $16, DX
	CMPQ   DX, $EQ
	JLT    filtering
	SUBPS  X1, X0
	ADDPS  X3, X2
	FOLD(X0, X4)
	FOLD(X2, X5)
	MOVSS X0, re+24(FP)
	MOVSS X2, im+28(FP)
	RET

// func adapt(q *equalizer, x, y *[eqTaps]float32, er, ei float32)
TEXT ·adapt(SB), NOSPLIT, $0-32
	MOVQ   q+0(FP), AX
	MOVQ   x+8(FP), BX
	MOVQ   y+16(FP), CX
	MOVSS  er+24(FP), X0
	MOVSS  ei+28(FP), X1
	SHUFPS $0, X0, X0
	SHUFPS $0, X1, X1
	XORQ   DX, DX
adapting:
	MOVUPS (BX)(DX*1), X2
	MOVUPS (CX)(DX*1), X3
	MOVAPS X2, X4
	MOVAPS X3, X5
	MULPS  X0, X2 // er x
	MULPS  X1, X3 // ei y
	MULPS  X1, X4 // ei x
	MULPS  X0, X5 // er y
	MOVUPS (AX)(DX*1), X6
	MOVUPS EQ(AX)(DX*1), X7
	ADDPS  X3, X2
	SUBPS  X5, X4
	ADDPS  X2, X6
	ADDPS  X4, X7
	MOVUPS X6, (AX)(DX*1)
	MOVUPS X7, EQ(AX)(DX*1)
	ADDQ   $16, DX
	CMPQ   DX, $EQ
	JLT    adapting
	RET

// PRODUCTS adds four products of the window at AX with either filter at BX.
#define PRODUCTS(at, a, b) \
	MOVUPS at(AX), X4       \
	MOVUPS at(R9)(BX*1), X5 \
	MOVUPS at(R10)(BX*1), X6 \
	MULPS  X4, X5           \
	MULPS  X4, X6           \
	ADDPS  X5, a            \
	ADDPS  X6, b

// func gatherSSE(job *gathering, zr, zi *float32, n int)
TEXT ·gatherSSE(SB), NOSPLIT, $0-32
	MOVQ  job+0(FP), AX
	MOVQ  zr+8(FP), DI
	MOVQ  zi+16(FP), SI
	MOVQ  n+24(FP), CX
	MOVQ  0(AX), R8     // raw
	MOVQ  8(AX), R9     // re
	MOVQ  16(AX), R10   // im
	MOVQ  24(AX), R11   // cos
	MOVQ  32(AX), R12   // sin
	MOVQ  40(AX), R13   // period
	MOVQ  48(AX), R14   // carrier: phase at the window of t
	MOVSD 56(AX), X15   // t
	MOVSD 64(AX), X14   // step
	MOVQ  $0x4060000000000000, BX // frontPhases: 128
	MOVQ  BX, X13
	MOVQ  $0x3FE0000000000000, BX // 0.5
	MOVQ  BX, X12
	CVTTSD2SQ X15, DX   // the window's place
gathering:
	// The filter's phase.
	CVTSQ2SD  DX, X11
	MOVAPD    X15, X10
	SUBSD     X11, X10
	MULSD     X13, X10
	ADDSD     X12, X10
	CVTTSD2SQ X10, BX
	LEAQ      (BX)(BX*2), BX
	SHLQ      $5, BX    // FRONT octets each
	LEAQ      (R8)(DX*4), AX
	SUBQ      $BACK, AX

	XORPS X0, X0
	XORPS X1, X1
	XORPS X2, X2
	XORPS X3, X3
	PRODUCTS(0, X0, X1)
	PRODUCTS(16, X2, X3)
	PRODUCTS(32, X0, X1)
	PRODUCTS(48, X2, X3)
	PRODUCTS(64, X0, X1)
	PRODUCTS(80, X2, X3)
	ADDPS X2, X0
	ADDPS X3, X1

	// Both sums into the lowest two places.
	MOVAPS   X0, X4
	UNPCKLPS X1, X0
	UNPCKHPS X1, X4
	ADDPS    X4, X0
	MOVHLPS  X0, X4
	ADDPS    X4, X0
	MOVAPS   X0, X1
	SHUFPS   $1, X1, X1

	// Turned back by the carrier's phase.
	MOVSS  (R11)(R14*4), X4
	MOVSS  (R12)(R14*4), X5
	MOVAPS X0, X6
	MOVAPS X1, X7
	MULSS  X4, X0
	MULSS  X5, X1
	ADDSS  X1, X0
	MULSS  X4, X7
	MULSS  X5, X6
	SUBSS  X6, X7
	MOVSS  X0, (DI)
	MOVSS  X7, (SI)
	ADDQ   $4, DI
	ADDQ   $4, SI

	// To the next.
	ADDSD     X14, X15
	SUBQ      DX, R14
	CVTTSD2SQ X15, DX
	ADDQ      DX, R14
	CMPQ      R14, R13
	JLT       inside
	SUBQ      R13, R14
inside:
	DECQ CX
	JNZ  gathering
	MOVQ  job+0(FP), AX
	MOVSD X15, 56(AX)
	RET

// func gatherAVX(job *gathering, zr, zi *float32, n int)
//
// gatherSSE with eight products at once. The sums are the same to the last bit: the
// lower half of Y0 is X0 there, the upper one X2.
TEXT ·gatherAVX(SB), NOSPLIT, $0-32
	MOVQ    job+0(FP), AX
	MOVQ    zr+8(FP), DI
	MOVQ    zi+16(FP), SI
	MOVQ    n+24(FP), CX
	MOVQ    0(AX), R8
	MOVQ    8(AX), R9
	MOVQ    16(AX), R10
	MOVQ    24(AX), R11
	MOVQ    32(AX), R12
	MOVQ    40(AX), R13
	MOVQ    48(AX), R14
	VMOVSD  56(AX), X15
	VMOVSD  64(AX), X14
	MOVQ    $0x4060000000000000, BX // frontPhases: 128
	VMOVQ   BX, X13
	MOVQ    $0x3FE0000000000000, BX // 0.5
	VMOVQ   BX, X12
	VXORPS  X11, X11, X11
	VCVTTSD2SIQ X15, DX
gathering:
	// The filter's phase.
	VCVTSI2SDQ  DX, X11, X10
	VSUBSD      X10, X15, X10
	VMULSD      X13, X10, X10
	VADDSD      X12, X10, X10
	VCVTTSD2SIQ X10, BX
	LEAQ        (BX)(BX*2), BX
	SHLQ        $5, BX // FRONT octets each
	LEAQ        (R8)(DX*4), AX
	SUBQ        $BACK, AX

	VMOVUPS (AX), Y4
	VMULPS  (R9)(BX*1), Y4, Y0
	VMULPS  (R10)(BX*1), Y4, Y1
	VMOVUPS 32(AX), Y4
	VMULPS  32(R9)(BX*1), Y4, Y5
	VMULPS  32(R10)(BX*1), Y4, Y6
	VADDPS  Y5, Y0, Y0
	VADDPS  Y6, Y1, Y1
	VMOVUPS 64(AX), Y4
	VMULPS  64(R9)(BX*1), Y4, Y5
	VMULPS  64(R10)(BX*1), Y4, Y6
	VADDPS  Y5, Y0, Y0
	VADDPS  Y6, Y1, Y1

	// Both sums into the lowest two places.
	VUNPCKLPS    Y1, Y0, Y4
	VUNPCKHPS    Y1, Y0, Y5
	VEXTRACTF128 $1, Y4, X6
	VEXTRACTF128 $1, Y5, X7
	VADDPS       X6, X4, X4
	VADDPS       X7, X5, X5
	VADDPS       X5, X4, X4
	VMOVHLPS     X4, X4, X5
	VADDPS       X5, X4, X0
	VMOVSHDUP    X0, X1

	// Turned back by the carrier's phase.
	VMOVSS (R11)(R14*4), X4
	VMOVSS (R12)(R14*4), X5
	VMULSS X4, X0, X6
	VMULSS X5, X1, X7
	VADDSS X7, X6, X6
	VMULSS X4, X1, X7
	VMULSS X5, X0, X8
	VSUBSS X8, X7, X7
	VMOVSS X6, (DI)
	VMOVSS X7, (SI)
	ADDQ   $4, DI
	ADDQ   $4, SI

	// To the next.
	VADDSD      X14, X15, X15
	SUBQ        DX, R14
	VCVTTSD2SIQ X15, DX
	ADDQ        DX, R14
	MOVQ        R14, AX
	SUBQ        R13, AX
	CMOVQGE     AX, R14
	DECQ        CX
	JNZ         gathering
	MOVQ        job+0(FP), AX
	VMOVSD      X15, 56(AX)
	VZEROUPPER
	RET

// func widenSSE(to *float32, from *int16, n int)
TEXT ·widenSSE(SB), NOSPLIT, $0-24
	MOVQ to+0(FP), DI
	MOVQ from+8(FP), SI
	MOVQ n+16(FP), CX
widening:
	MOVOU     (SI), X0
	MOVO      X0, X1
	PUNPCKLWL X0, X0
	PUNPCKHWL X1, X1
	PSRAL     $16, X0
	PSRAL     $16, X1
	CVTPL2PS  X0, X0
	CVTPL2PS  X1, X1
	MOVUPS    X0, (DI)
	MOVUPS    X1, 16(DI)
	ADDQ      $16, SI
	ADDQ      $32, DI
	SUBQ      $8, CX
	JGT       widening
	RET
