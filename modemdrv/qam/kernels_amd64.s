#include "textflag.h"

// Lengths, in octets, of what kernels.go declares; TestKernels fails if they
// no longer agree.
#define FRONT 96  // frontTaps float32
#define EQ    256 // eqTaps float32

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
