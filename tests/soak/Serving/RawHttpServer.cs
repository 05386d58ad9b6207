using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Mesh.Soak.Bodies;

namespace Mesh.Soak.Serving;

/// <summary>HTTP/1.1 written by hand, for what a well-behaved server does not do: bodies that end with the connection, chunks of odd sizes with extensions,
/// hints before the response, a half-close after it, resets in the middle.</summary>
internal static class RawHttpServer
{
    public static async Task ServeAsync(Socket socket, Complaints complaints)
    {
        var client = new RawHttpConnection(socket, CancellationToken.None);
        try
        {
            while (await client.ReadHeadAsync() is { } head && await AnswerAsync(client, head, complaints))
            {
            }
            client.HalfClose();
            await client.ReadToEndAsync(static _ => { });
        }
        catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException)
        {
            // The client left, or this server broke off as it was asked to.
        }
    }

    /// <returns>Whether the connection may carry another request.</returns>
    private static async Task<bool> AnswerAsync(RawHttpConnection client, RawHttpHead head, Complaints complaints)
    {
        var wish = BodyWish.Parse(head.Target[(head.Target.IndexOf('?') + 1)..]);
        string verdict = "unread";
        if (!wish.Early)
        {
            var check = new PatternCheck(wish.UploadSeed, wish.Upload);
            await client.ReadBodyAsync(head, check.Take, isResponse: false);
            check.End();
            verdict = check.Problem ?? "ok";
            if (check.Problem is not null) complaints.Say($"{head.Id}: {check.Problem}");
        }
        var text = new StringBuilder();
        if (wish.Pieces % 3 == 2) text.Append("HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n");
        text.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {wish.Status} As asked\r\n{BodyApplication.IdField}: {head.Id}\r\n{BodyApplication.UploadField}: {verdict}\r\n");
        text.Append(wish.Framing switch
        {
            Framing.Length => $"content-length: {wish.Size}\r\n",
            Framing.Chunked => "transfer-encoding: chunked\r\n",
            _ => "connection: close\r\n",
        });
        bool last = wish.Framing == Framing.Close || wish.Early;
        if (wish.Early && wish.Framing != Framing.Close) text.Append("connection: close\r\n");
        text.Append("\r\n");
        await client.SendAsync(Encoding.ASCII.GetBytes(text.ToString()));
        return await SendBodyAsync(client, wish) && !last;
    }

    /// <returns>False when it was broken off.</returns>
    private static async Task<bool> SendBodyAsync(RawHttpConnection client, BodyWish wish)
    {
        var sizes = new Draw(wish.Seed);
        for (long sent = 0; sent < wish.Size;)
        {
            int length = (int)Math.Min(1 + sizes.Below(wish.Pieces > 0 ? 900 : 40_000), wish.Size - sent);
            if (wish.ResetAt >= 0) length = (int)Math.Min(length, wish.ResetAt - sent);
            byte[] piece = new byte[length];
            Pattern.Fill(wish.Seed, sent, piece);
            if (wish.Framing == Framing.Chunked && length > 0)
            {
                string extension = sizes.OneIn(10) ? ";a=\"b c\"" : "";
                await client.SendAsync((byte[])[.. Encoding.ASCII.GetBytes($"{length:x}{extension}\r\n"), .. piece, .. "\r\n"u8]);
            }
            else await client.SendAsync(piece);
            sent += length;
            if (sent != wish.ResetAt) continue;
            client.Reset();
            return false;
        }
        if (wish.Framing == Framing.Chunked) await client.SendAsync(Encoding.ASCII.GetBytes(wish.Trailers ? $"0\r\n{BodyApplication.SizeTrailer}: {wish.Size}\r\n\r\n" : "0\r\n\r\n"));
        return true;
    }
}
