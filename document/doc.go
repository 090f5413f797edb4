// Package document turns what people hand in into fax pages, and fax pages
// into what people read.
//
// Prepare makes of a text, PDF, PostScript, PCL, TIFF, PNG, JPEG, GIF, BMP or
// WebP file a TIFF class F file such as HylaFAX's docq holds after preparation
// (what its ps2fax, pdf2fax and tiff2fax scripts do); Recognize tells the kinds
// apart by content. WritePDF and WritePNG show fax pages; CountPages, Extract
// and Chop work on them. Text and tag lines are set by package typeset.
//
// PDF is drawn by PDFium, which runs as WebAssembly within the process, without
// access to any file. PostScript and PCL need Ghostscript's programs. Memory is
// bounded by the limits in this package and by one page of pels.
//
// Every error is one sentence for the person who handed the document in, and
// wraps one of the Err values of this package where that person can do
// something about it.
package document
