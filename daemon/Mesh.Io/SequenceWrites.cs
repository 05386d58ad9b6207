using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Mesh.Io;

/// <summary>A writer that takes several pieces of memory in one call: bulk then costs one system call instead of one per piece.</summary>
public interface ISequenceWriter
{
    /// <summary>Like <see cref="PipeWriter.WriteAsync"/> with all the pieces, in order.</summary>
    ValueTask<FlushResult> WriteAsync(in ReadOnlySequence<byte> source);
}

public static class SequenceWrites
{
    /// <summary>Writes and flushes the whole sequence, in one call where the writer can.</summary>
    public static ValueTask<FlushResult> WriteSequenceAsync(this PipeWriter output, in ReadOnlySequence<byte> source)
    {
        if (source.IsSingleSegment) return output.WriteAsync(source.First);
        return output is ISequenceWriter whole ? whole.WriteAsync(source) : WriteEach(output, source);
    }

    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    private static async ValueTask<FlushResult> WriteEach(PipeWriter output, ReadOnlySequence<byte> source)
    {
        FlushResult result = default;
        foreach (var part in source) result = await output.WriteAsync(part);
        return result;
    }
}
