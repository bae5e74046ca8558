package batch

import (
	"bytes"
	"testing"

	"github.com/gretestream/grete/stream"
)

const benchBatch = 300

func benchRecord() *stream.Record {
	return &stream.Record{Key: []byte("user-1234"), Value: bytes.Repeat([]byte{'x'}, 100), Time: 1398926301271}
}

func BenchmarkEncode(b *testing.B) {
	var builder Builder
	rec := benchRecord()
	var buf []byte
	b.ReportAllocs()
	for i := 0; i < b.N; i += benchBatch {
		builder.Start(buf[:0])
		for range benchBatch {
			builder.Append(rec)
		}
		buf, _ = builder.Finish(0)
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, codec := range codecs {
		b.Run(codec.String(), func(b *testing.B) {
			builder := Builder{Codec: codec}
			builder.Start(nil)
			for range benchBatch {
				builder.Append(benchRecord())
			}
			data, _ := builder.Finish(0)
			var r Reader
			records := make([]stream.Record, benchBatch)
			b.ReportAllocs()
			for i := 0; i < b.N; i += benchBatch {
				r.Reset(data)
				r.Next()
				for j := 0; r.Record(&records[j]) && j < benchBatch-1; j++ {
				}
			}
		})
	}
}

func BenchmarkDecodeHeaders(b *testing.B) {
	var builder Builder
	builder.Start(nil)
	rec := benchRecord()
	rec.Headers = []stream.Header{{Key: stream.TimeHeader, Value: make([]byte, 8)}}
	for range benchBatch {
		builder.Append(rec)
	}
	data, _ := builder.Finish(0)
	var r Reader
	b.ReportAllocs()
	for i := 0; i < b.N; i += benchBatch {
		r.Reset(data)
		r.Next()
		for r.Record(rec) {
		}
	}
}
