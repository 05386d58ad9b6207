using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Mesh.Http.Http2;
using Mesh.Kit.Machines;

namespace Mesh.Tests.Hosts.Protocols;

/// <summary>Hostile clients of HTTP/2 on real sockets: each is told what it did and cut off, and is counted; others are served all the while.</summary>
public sealed class Http2AttackTests : IAsyncLifetime
{
    private const int FrameCount = 4000; // far beyond every burst that is allowed
    private const byte Data = 0, Headers = 1, Priority = 2, Reset = 3, Settings = 4, Ping = 6, GoAway = 7, WindowUpdate = 8, Continuation = 9;
    private const byte EndStream = 1, EndHeaders = 4;

    private static readonly TimeSpan bound = TimeSpan.FromSeconds(10);
    private static readonly byte[] get = [0x82, 0x86, 0x84, 0x01, 1, (byte)'a']; // GET http / of a
    private static readonly byte[] post = [0x83, 0x86, 0x84, 0x01, 1, (byte)'a'];

    private Edge edge = null!;

    public async Task InitializeAsync()
    {
        edge = await Edge.CreateAsync();
        string files = Directory.CreateDirectory(Path.Combine(edge.Folder, "www")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(files, "index.html"), new byte[1024 * 1024]);
        await edge.StartNginxAsync($"server {{ listen 127.0.0.1:9001; root {files}; }}");
        await edge.StartAsync(Edge.Service("web", 9001, protocol: "http") + """
            ---
            apiVersion: gateway.networking.k8s.io/v1
            kind: Gateway
            metadata: { name: edge, namespace: default }
            spec: { gatewayClassName: meshd, addresses: [ { type: IPAddress, value: 127.0.0.1 } ], listeners: [ { name: http, port: 80, protocol: HTTP } ] }
            ---
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: { name: web, namespace: default }
            spec: { parentRefs: [ { kind: Gateway, name: edge } ], rules: [ { backendRefs: [ { name: web, port: 1 } ] } ] }

            """);
        await edge.ListensAsync(80, 9001);
    }

    public Task DisposeAsync() => edge.DisposeAsync().AsTask();

    [Fact]
    public async Task Every_flood_ends_its_connection_and_is_counted()
    {
        var attacks = new (string Name, Func<int, byte[]> Frame)[]
        {
            ("rapid reset", static i => [.. Frame(Headers, EndStream | EndHeaders, 2 * i + 1, get), .. Frame(Reset, 0, 2 * i + 1, [0, 0, 0, 8])]),
            ("streams that we must reset", static i => [.. Frame(Headers, EndStream | EndHeaders, 2 * i + 1, get), .. Frame(WindowUpdate, 0, 2 * i + 1, new byte[4])]),
            ("settings", static _ => Frame(Settings, 0, 0, [0, 3, 0, 0, 0, 100])),
            ("ping", static _ => Frame(Ping, 0, 0, new byte[8])),
            ("empty data", static i => i == 0 ? Frame(Headers, EndHeaders, 1, post) : Frame(Data, 0, 1, [])),
            ("padding alone", static i => i == 0 ? Frame(Headers, EndHeaders, 1, post) : Frame(Data, 8, 1, [0])),
            ("priority", static _ => Frame(Priority, 0, 1, [0, 0, 0, 3, 1])),
            ("unknown frames", static _ => Frame(99, 0, 0, [])),
            ("window updates", static _ => Frame(WindowUpdate, 0, 0, [0, 0, 0, 1])),
            ("continuations", static i => i == 0 ? Frame(Headers, EndStream, 1, get) : Frame(Continuation, 0, 1, [])),
            ("a head without end", static i => i == 0 ? Frame(Headers, EndStream, 1, get) : Frame(Continuation, 0, 1, Filler())),
        };
        foreach (var (name, frame) in attacks)
        {
            double before = await CutOffAsync();
            Assert.True(await AttackAsync(frame) is ErrorCode.EnhanceYourCalm, $"{name}: not told to calm down");
            await Until.TrueAsync($"{name} is counted", bound, async () => await CutOffAsync() == before + 1);
            await ServesAsync();
        }
    }

    /// <summary>A small block that would be a large head: one long field in the table, named thousands of times.</summary>
    [Fact]
    public async Task Head_that_grows_while_it_is_unpacked_is_refused_within_its_limit()
    {
        long before = ResidentBytes();
        for (int round = 0; round < 20; round++)
        {
            byte[] field = [0x40, 1, (byte)'x', 0x7f, 0x80 | (3900 - 127) % 128, (3900 - 127) / 128, .. Enumerable.Repeat((byte)'v', 3900)];
            byte[] references = [.. Enumerable.Repeat((byte)0xBE, 12_000)]; // 46 MB
            byte[] said = [.. Opening(), .. Frame(Headers, EndStream | EndHeaders, 1, [.. get, .. field, .. references])];
            var (frames, _) = await TalkAsync([said], static frames => frames.Any(static frame => frame.Stream == 1));
            Assert.Contains(frames, static frame => frame is { Stream: 1, Type: Headers or Reset });
        }
        await ServesAsync();
        Assert.InRange(ResidentBytes() - before, long.MinValue, 48 << 20);
    }

    /// <summary>Two hundred answers of a MiB for a client that takes nothing: what is held for it is bounded, and others are served.</summary>
    [Fact]
    public async Task Client_that_gives_no_window_costs_bounded_memory()
    {
        long before = ResidentBytes();
        List<byte> said = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, [0, 4, 0, 0, 0, 0])];
        for (int id = 1; id < 400; id += 2) said.AddRange(Frame(Headers, EndStream | EndHeaders, id, get));
        using var socket = edge.Space.MakeSocket();
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, 80));
        await socket.SendAsync(said.ToArray());
        var reader = new FrameReader();
        var buffer = new byte[65536];
        using var deadline = new CancellationTokenSource(bound);
        while (reader.Frames.Count(static frame => frame.Type == Headers) < 200) reader.Add(buffer.AsSpan(0, await socket.ReceiveAsync(buffer, deadline.Token)));
        Assert.DoesNotContain(reader.Frames, static frame => frame.Type == Data && frame.Payload.Length > 0);
        await ServesAsync();
        Assert.InRange(ResidentBytes() - before, long.MinValue, 64 << 20);
    }

    private async Task ServesAsync() => Assert.Equal("200", (await edge.Space.RunAsync("curl -sS -o /dev/null --http2-prior-knowledge --max-time 5 -w %{http_code} http://127.0.0.1/")).Must().Output);

    private async Task<double> CutOffAsync() => (await edge.MetricsAsync()).Split('\n')
        .Where(static line => line.StartsWith("mesh_http2_connection_errors_total{", StringComparison.Ordinal) && line.Contains("EnhanceYourCalm", StringComparison.Ordinal))
        .Sum(static line => double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));

    private long ResidentBytes() => long.Parse(File.ReadLines($"/proc/{edge.Daemon.Id}/status").Single(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;

    /// <returns>With which code the connection was ended.</returns>
    private async Task<ErrorCode?> AttackAsync(Func<int, byte[]> frame)
    {
        var (frames, _) = await TalkAsync(Enumerable.Range(0, FrameCount).Select(frame).Prepend(Opening()), static _ => false);
        var goodbye = frames.LastOrDefault(static frame => frame.Type == GoAway);
        return goodbye is null ? null : (ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(goodbye.Payload.AsSpan(4));
    }

    /// <summary>Says all of it, reading all the while, until the connection ends or enough has come.</summary>
    private async Task<(List<ReadFrame> Frames, bool Ended)> TalkAsync(IEnumerable<byte[]> said, Func<List<ReadFrame>, bool> isEnough)
    {
        using var deadline = new CancellationTokenSource(bound);
        using var socket = edge.Space.MakeSocket();
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, 80), deadline.Token);
        var saying = SayAsync(socket, said, deadline.Token);
        var reader = new FrameReader();
        var buffer = new byte[65536];
        bool ended = false;
        try
        {
            while (!isEnough(reader.Frames))
            {
                int count = await socket.ReceiveAsync(buffer, deadline.Token);
                if (ended = count == 0) break;
                reader.Add(buffer.AsSpan(0, count));
            }
        }
        catch (SocketException)
        {
            ended = true;
        }
        await saying;
        return (reader.Frames, ended);
    }

    private static async Task SayAsync(Socket socket, IEnumerable<byte[]> said, CancellationToken deadline)
    {
        try
        {
            foreach (byte[][] batch in said.Chunk(16)) await socket.SendAsync(batch.SelectMany(static bytes => bytes).ToArray(), deadline);
        }
        catch (SocketException)
        {
            // Cut off.
        }
    }

    private static byte[] Opening() => [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, [])];

    private static byte[] Filler() => [.. Enumerable.Range(0, 1000).SelectMany(static _ => "\0\u0001x\u0001y"u8.ToArray())];

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload) => Http2Bytes.Frame(type, flags, stream, payload);

    private sealed record ReadFrame(byte Type, int Stream, byte[] Payload);

    private sealed class FrameReader
    {
        private readonly List<byte> unread = [];

        public List<ReadFrame> Frames { get; } = [];

        public void Add(ReadOnlySpan<byte> bytes)
        {
            unread.AddRange(bytes);
            while (unread.Count >= 9 && (unread[0] << 16 | unread[1] << 8 | unread[2]) is int length && unread.Count >= 9 + length)
            {
                Frames.Add(new(unread[3], unread[7] << 8 | unread[8], [.. unread.Skip(9).Take(length)]));
                unread.RemoveRange(0, 9 + length);
            }
        }
    }
}
