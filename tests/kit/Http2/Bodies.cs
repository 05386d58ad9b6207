using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Mesh.Kit.Http2;

/// <summary>Reads byte streams to their end.</summary>
public static class Bodies
{
    public static async Task<byte[]> ReadAllAsync(PipeReader reader)
    {
        var all = new ArrayBufferWriter<byte>();
        while (true)
        {
            var result = await reader.ReadAsync();
            foreach (var piece in result.Buffer) all.Write(piece.Span);
            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted) return all.WrittenSpan.ToArray();
        }
    }

    public static async Task<string> ReadTextAsync(PipeReader reader) => Encoding.Latin1.GetString(await ReadAllAsync(reader));
}
