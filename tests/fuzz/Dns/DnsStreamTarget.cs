using System.IO.Pipelines;
using System.Text;
using Mesh.Proxy.Dns;

namespace Mesh.Tests.Fuzz.Dns;

/// <summary>Messages of DNS over TCP: the same wherever they are split, none longer than allowed.</summary>
internal sealed class DnsStreamTarget : IFuzzTarget
{
    private const int MaxLength = 600;

    public string Name => "dns-stream";

    public IEnumerable<byte[]> Seeds => [[0, 3, 1, 2, 3, 0, 0, 0, 1, 9], [2, 89, .. new byte[601]], [0, 1]];

    public void Run(ReadOnlySpan<byte> input) => Assert.Equal(Read([input.ToArray()]), Read(Pieces.Of(input)));

    private static string Read(List<byte[]> pieces)
    {
        var heard = new StringBuilder();
        var input = PipeReader.Create(Pieces.Sequence(pieces));
        while (DnsStream.ReadAsync(input, MaxLength).AsTask().GetAwaiter().GetResult() is { } message)
        {
            Assert.InRange(message.Length, 0, MaxLength);
            heard.Append(Convert.ToHexString(message)).Append('\n');
        }
        return heard.ToString();
    }
}
