using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Mesh.Soak.Bodies;
using Mesh.Soak.Talking;

namespace Mesh.Soak.Loading.Kinds;

/// <summary>The client's side of conversations over plain bytes, with every ending that TCP has.</summary>
internal static class Talks
{
    private static readonly byte[] marked = "SOAK"u8.ToArray();

    public static Task PlainAsync(Conversation talk) => RunAsync(talk, talk.Target.Talk, greets: false, isTls: false);

    public static Task DetectedAsync(Conversation talk) => RunAsync(talk, talk.Target.DetectedTalk, greets: false, isTls: false);

    public static Task GreetedAsync(Conversation talk) => RunAsync(talk, talk.Target.Greeting, greets: true, isTls: false);

    public static Task TlsAsync(Conversation talk) => RunAsync(talk, talk.Draw.OneIn(2) ? talk.Target.Tls : talk.Target.DetectedTls, greets: false, isTls: true);

    /// <summary>Connections that hardly begin: left at once, or after a byte, in order or not.</summary>
    public static async Task BarelyAsync(Conversation talk)
    {
        talk.Doing = $"connect to {talk.Target.Host}:{talk.Target.Talk} and leave";
        using var socket = await Sockets.ConnectAsync(talk, talk.Target.Talk);
        if (talk.Draw.OneIn(2))
        {
            talk.Ledger.Connection(answered: false);
            await socket.SendAsync(marked.AsMemory(0, 1 + talk.Draw.Below(3)), talk.Bound);
        }
        if (talk.Draw.OneIn(2)) socket.LingerState = new LingerOption(true, 0);
    }

    private static async Task RunAsync(Conversation talk, int port, bool greets, bool isTls)
    {
        var draw = talk.Draw;
        var mode = draw.Of(TalkMode.Echo, TalkMode.Both, TalkMode.Both, TalkMode.Answer, TalkMode.ServerReset, TalkMode.ClientReset);
        long down = draw.Size(), up = draw.Size();
        if (mode == TalkMode.ServerReset) down += 2;
        if (mode == TalkMode.ClientReset) up += 2;
        var head = new TalkHead(mode, draw.Next(), down, up, 1 + draw.Below((int)(mode == TalkMode.ClientReset ? up : Math.Max(down, 2)) - 1));
        talk.Doing = $"{head} with {talk.Target.Host}:{port}";
        var socket = await Sockets.ConnectAsync(talk, port);
        talk.Doing += $" from {socket.LocalEndPoint}";
        SslStream? tls = null;
        if (isTls) tls = await SecureAsync(socket, talk);
        await using var line = new Line(socket, tls);
        bool answered = false;
        try
        {
            if (greets) await ReadGreetingAsync(line, talk);
            answered = greets || isTls;
            await line.SendAsync(head.ToBytes(), talk.Bound);
            await ActAsync(line, head, talk);
            answered |= head.Mode != TalkMode.ClientReset;
        }
        finally
        {
            talk.Ledger.Connection(answered);
        }
    }

    private static Task ActAsync(Line line, TalkHead head, Conversation talk) => head.Mode switch
    {
        TalkMode.Echo => EchoAsync(line, head, talk),
        TalkMode.Both => BothAsync(line, head, talk),
        TalkMode.Answer => AnswerAsync(line, head, talk),
        TalkMode.ServerReset => ServerResetAsync(line, head, talk),
        _ => ClientResetAsync(line, head, talk),
    };

    private static async Task EchoAsync(Line line, TalkHead head, Conversation talk)
    {
        var sending = SendAsync(line, head, talk);
        await ReadAsync(line, new PatternCheck(head.UpSeed, head.Up), talk);
        await sending;
    }

    private static async Task BothAsync(Line line, TalkHead head, Conversation talk)
    {
        var sending = SendAsync(line, head, talk);
        await ReadAsync(line, new PatternCheck(head.Seed, head.Down), talk);
        await sending;
    }

    private static async Task AnswerAsync(Line line, TalkHead head, Conversation talk)
    {
        await SendAsync(line, head, talk);
        await ReadAsync(line, new PatternCheck(head.Seed, head.Down), talk);
    }

    private static async Task ServerResetAsync(Line line, TalkHead head, Conversation talk)
    {
        var check = new PatternCheck(head.Seed, head.Down);
        try
        {
            await line.ReadToEndAsync(check, talk.Bound);
        }
        catch (IOException)
        {
            if (check.Problem is not null) throw new WrongException(check.Problem);
            return;
        }
        throw new WrongException($"the server's reset after {head.ResetAt} bytes came as an end after {check.Position}");
    }

    private static async Task ClientResetAsync(Line line, TalkHead head, Conversation talk)
    {
        await line.SendPatternAsync(head.UpSeed, head.ResetAt, Line.Piece, talk.Bound);
        line.Reset();
    }

    private static async Task SendAsync(Line line, TalkHead head, Conversation talk)
    {
        await line.SendPatternAsync(head.UpSeed, head.Up, Line.Piece, talk.Bound);
        await line.HalfCloseAsync();
    }

    private static async Task ReadAsync(Line line, PatternCheck check, Conversation talk)
    {
        await line.ReadToEndAsync(check, talk.Bound);
        if (check.Problem is not null) throw new WrongException(check.Problem);
    }

    private static async Task ReadGreetingAsync(Line line, Conversation talk)
    {
        byte[] greeting = await line.ReadExactlyAsync(TalkServer.Greeting.Length, talk.Bound);
        if (!greeting.AsSpan().SequenceEqual(TalkServer.Greeting)) throw new WrongException($"greeting {Convert.ToHexStringLower(greeting)}");
    }

    private static async Task<SslStream> SecureAsync(Socket socket, Conversation talk)
    {
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: false));
        string subject = "";
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = TalkServer.TlsName,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => (subject = ((X509Certificate2)certificate!).Subject) is { Length: > 0 },
        }, talk.Bound);
        return subject == $"CN={TalkServer.TlsName}" ? tls : throw new WrongException($"the certificate is of '{subject}'");
    }
}
