using System.Buffers;
using System.Text;
using Mesh.Http.Detection;
using Mesh.Kit.Measuring;
using Mesh.Kit.Tls;

namespace Mesh.Tests.Unit.Detection;

public sealed class ClientHelloTests
{
    public static TheoryData<TestHello, string, bool> Hellos => new()
    {
        { new TestHello { ServerName = "a.example.com" }, "a.example.com", false },
        { new TestHello { ServerName = "A.Example.COM" }, "a.example.com", false },
        { new TestHello { ServerName = "a.example.com." }, "a.example.com", false },
        { new TestHello { ServerName = "under_score.example" }, "under_score.example", false },
        { new TestHello { ServerName = "public.example", IsEncrypted = true }, "public.example", true },
        { new TestHello { IsEncrypted = true }, "", true },
        { new TestHello(), "", false },
        { new TestHello { HasExtensions = false }, "", false },
        { new TestHello { ServerName = new string('a', 253) }, new string('a', 253), false },
        { new TestHello { ServerName = "b.c", MoreExtensions = [(51, new byte[5000]), (41, new byte[4000])] }, "b.c", false },
    };

    [Theory]
    [MemberData(nameof(Hellos))]
    public void Hello_is_read_whole_at_once_and_byte_by_byte(TestHello hello, string name, bool encrypted)
    {
        foreach (int recordBytes in (int[])[1 << 14, 1000, 100, 7, 3])
        {
            byte[] bytes = (hello with { RecordBytes = recordBytes }).ToBytes();
            Check(Read(bytes, bytes.Length));
            if (bytes.Length < 3000) Check(Read(bytes, 1));
        }

        void Check((ClientHelloState State, ClientHelloReader Reader, int Shown) result)
        {
            Assert.Equal((ClientHelloState.Read, ""), (result.State, result.Reader.Problem));
            Assert.Equal((name, encrypted), (Encoding.ASCII.GetString(result.Reader.Hello!.ServerName.Span), result.Reader.Hello.IsEncrypted));
        }
    }

    [Fact]
    public void Hello_is_known_with_its_last_byte_and_not_before_in_segments_split_anywhere()
    {
        byte[] bytes = new TestHello { ServerName = "a.example.com", RecordBytes = 60 }.ToBytes();
        for (int at = 0; at <= bytes.Length; at++)
        {
            var reader = new ClientHelloReader();
            Assert.Equal(at == bytes.Length ? ClientHelloState.Read : ClientHelloState.NeedsMore, reader.Read(new ReadOnlySequence<byte>(bytes, 0, at)));
            Assert.Equal(ClientHelloState.Read, reader.Read(Segments.Of(bytes, at)));
            Assert.Equal(ClientHelloState.Read, new ClientHelloReader().Read(Segments.OfSingleBytes(bytes)));
        }
    }

    [Fact]
    public void What_follows_in_records_of_its_own_is_left_alone()
    {
        byte[] bytes = [.. new TestHello { ServerName = "a.b" }.ToBytes(), 23, 3, 3, 0, 1, 9];
        Assert.Equal(ClientHelloState.Read, Read(bytes, bytes.Length).State);
    }

    public static TheoryData<string, byte[], string> Malformed => new()
    {
        { "two names", new TestHello { ServerName = "a.b", MoreExtensions = [(0, TestHello.NameList("c.d"))] }.ToBytes(), "two server names" },
        { "empty name", new TestHello { MoreExtensions = [(0, TestHello.NameList(""))] }.ToBytes(), "server name" },
        { "dot alone", new TestHello { MoreExtensions = [(0, TestHello.NameList("."))] }.ToBytes(), "server name" },
        { "zero byte", new TestHello { ServerName = "a\0.example.com" }.ToBytes(), "server name" },
        { "slash", new TestHello { ServerName = "a/b" }.ToBytes(), "server name" },
        { "not ASCII", new TestHello { ServerName = "ä.example" }.ToBytes(), "server name" },
        { "long name", new TestHello { ServerName = new string('a', 254) }.ToBytes(), "server name" },
        { "two entries", new TestHello { MoreExtensions = [(0, TestHello.Prefixed([0, 0, 1, 97, 0, 0, 1, 98]))] }.ToBytes(), "server name" },
        { "other name type", new TestHello { MoreExtensions = [(0, TestHello.Prefixed([1, 0, 1, 97]))] }.ToBytes(), "server name" },
        { "list longer than extension", new TestHello { MoreExtensions = [(0, [0, 9, 0, 0, 1, 97])] }.ToBytes(), "server name" },
        { "something after the list", new TestHello { MoreExtensions = [(0, [.. TestHello.NameList("a"), 1])] }.ToBytes(), "server name" },
        { "server hello", TestHello.Records([2, 0, 0, 1, 0], 100), "type 2" },
        { "too long", TestHello.Records([1, 1, 0, 0, 0], 100), "more than 16384" },
        { "empty body", TestHello.Records([1, 0, 0, 0], 100), "shorter than its fields" },
        { "second message in the record", TestHello.Records([.. new TestHello().Message(), 1], 1 << 14), "follows the ClientHello" },
        { "alert between", [.. TestHello.Records(new TestHello().Message(), 20)[..25], 21, 3, 1, 0, 2, 1, 0], "another kind" },
        { "empty record between", [.. TestHello.Records(new TestHello().Message(), 20)[..25], 22, 3, 1, 0, 0], "0 bytes" },
        { "cut extension", Body(static body => [.. body[..^1]]), "" },
        { "odd suites", Body(static body => [.. body[..38], 3, .. body[39..]]), "" },
        { "SSL 2 version", Body(static body => [2, .. body[1..]]), "" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Malformed_hello_is_refused_wherever_it_is_split(string what, byte[] bytes, string problem)
    {
        foreach (int step in (int[])[bytes.Length, 1, 3])
        {
            var (state, reader, _) = Read(bytes, step);
            Assert.True(state == ClientHelloState.Malformed, $"{what}: {state}");
            Assert.Contains(problem, reader.Problem);
            Assert.Null(reader.Hello);
        }
    }

    [Fact]
    public void Claims_of_impossible_size_are_refused_with_the_first_bytes()
    {
        byte[] bytes = [22, 3, 1, 0x40, 0, 1, 0xFF, 0xFF, 0xFF];
        Assert.Equal((ClientHelloState.Malformed, 9), (Read(bytes, 1).State, Read(bytes, 1).Shown));
    }

    [Fact]
    public void Hello_in_records_of_one_byte_is_followed_to_its_bound_and_no_further()
    {
        var hello = new TestHello { RecordBytes = 1, MoreExtensions = [(21, new byte[ClientHelloReader.MaxHelloBytes - 200])] };
        byte[] bytes = hello.ToBytes();
        var (state, reader, shown) = Read(bytes, 1000);
        Assert.Equal(ClientHelloState.Malformed, state);
        Assert.Contains("spread over more than", reader.Problem);
        Assert.InRange(shown, ClientHelloReader.MaxBytes, ClientHelloReader.MaxBytes + 2000);
    }

    [Fact]
    public void Reading_a_hello_in_one_record_allocates_its_result_and_nothing_else()
    {
        byte[] bytes = new TestHello { ServerName = "a.example.com" }.ToBytes();
        Read(bytes, bytes.Length);
        Assert.InRange(Allocation.Of(() => new ClientHelloReader().Read(new ReadOnlySequence<byte>(bytes))), 1, 256);
    }

    private static byte[] Body(Func<byte[], byte[]> edit)
    {
        byte[] body = edit(new TestHello().Message()[4..]);
        return TestHello.Records([1, 0, (byte)(body.Length >> 8), (byte)body.Length, .. body], 1 << 14);
    }

    /// <summary>Shows the bytes as they come, so many at a time.</summary>
    private static (ClientHelloState State, ClientHelloReader Reader, int Shown) Read(byte[] bytes, int step)
    {
        var reader = new ClientHelloReader();
        var state = ClientHelloState.NeedsMore;
        int shown = 0;
        while (state == ClientHelloState.NeedsMore && shown < bytes.Length)
        {
            shown = Math.Min(bytes.Length, shown + step);
            state = reader.Read(new ReadOnlySequence<byte>(bytes, 0, shown));
        }
        return (state, reader, shown);
    }
}
