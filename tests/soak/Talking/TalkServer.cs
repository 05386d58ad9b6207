using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Mesh.Soak.Bodies;
using Mesh.Soak.Serving;

namespace Mesh.Soak.Talking;

/// <summary>The server's side of conversations over plain bytes and over TLS of the applications' own.</summary>
internal static class TalkServer
{
    public const string TlsName = "soak.invalid";

    public static byte[] Greeting { get; } = Encoding.ASCII.GetBytes("greetings of the soak server\r\n");

    public static Task ServeAsync(Socket socket, Complaints complaints) => ServeAsync(new Line(socket, null), complaints);

    public static async Task GreetAsync(Socket socket, Complaints complaints)
    {
        try
        {
            await socket.SendAsync(Greeting.AsMemory());
        }
        catch (SocketException)
        {
            return;
        }
        await ServeAsync(socket, complaints);
    }

    public static async Task ServeTlsAsync(Socket socket, X509Certificate2 certificate, Complaints complaints)
    {
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: false));
        try
        {
            await tls.AuthenticateAsServerAsync(certificate);
        }
        catch (Exception error) when (error is IOException or System.Security.Authentication.AuthenticationException)
        {
            return;
        }
        await ServeAsync(new Line(socket, tls), complaints);
    }

    public static X509Certificate2 NewCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={TlsName}", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private static async Task ServeAsync(Line line, Complaints complaints)
    {
        await using var closing = line;
        TalkHead head;
        try
        {
            head = TalkHead.Read(await line.ReadExactlyAsync(TalkHead.Length, CancellationToken.None));
        }
        catch (Exception error) when (error is IOException || error is WrongException { Message: var message } && message.StartsWith("ended", StringComparison.Ordinal))
        {
            return; // A client that connects and leaves.
        }
        try
        {
            await ActAsync(line, head);
        }
        catch (IOException) when (head.Mode is TalkMode.ServerReset or TalkMode.ClientReset)
        {
            // As it should be.
        }
        catch (Exception error) when (error is IOException or WrongException)
        {
            complaints.Say($"conversation {head}: {error.Message}");
        }
    }

    private static async Task ActAsync(Line line, TalkHead head)
    {
        var check = new PatternCheck(head.UpSeed, head.Up);
        switch (head.Mode)
        {
            case TalkMode.Echo:
                await line.EchoAsync(CancellationToken.None);
                await line.HalfCloseAsync();
                break;
            case TalkMode.Both:
                var sending = SendAsync(line, head);
                await line.ReadToEndAsync(check, CancellationToken.None);
                await sending;
                break;
            case TalkMode.Answer:
                await line.ReadToEndAsync(check, CancellationToken.None);
                await SendAsync(line, head);
                break;
            case TalkMode.ServerReset:
                await line.SendPatternAsync(head.Seed, head.ResetAt, Line.Piece, CancellationToken.None);
                line.Reset();
                return;
            case TalkMode.ClientReset:
                await line.ReadToEndAsync(new PatternCheck(head.UpSeed, head.ResetAt), CancellationToken.None);
                throw new WrongException("ended in order, but the client broke it off");
        }
        if (check.Problem is not null) throw new WrongException(check.Problem);
    }

    private static async Task SendAsync(Line line, TalkHead head)
    {
        await line.SendPatternAsync(head.Seed, head.Down, Line.Piece, CancellationToken.None);
        await line.HalfCloseAsync();
    }
}
