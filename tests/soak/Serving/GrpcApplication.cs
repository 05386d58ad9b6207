using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using Mesh.Soak.Bodies;
using Microsoft.AspNetCore.Http;

namespace Mesh.Soak.Serving;

/// <summary>Calls in the shape of gRPC. Of the wish, <c>Upload</c> is how many messages come, <c>Pieces</c> how many are answered, <c>Size</c> how long each is,
/// <c>Status</c> the code that the call ends with.</summary>
internal static class GrpcApplication
{
    public const string WishField = "x-wish";

    public static async Task HandleAsync(HttpContext context, Complaints complaints)
    {
        var response = context.Response;
        var wish = BodyWish.Parse(context.Request.Headers[WishField].ToString());
        response.ContentType = "application/grpc";
        response.Headers[BodyApplication.IdField] = context.Request.Headers["x-request-id"];
        if (context.Request.Path.Value!.EndsWith("/Hang", StringComparison.Ordinal))
        {
            await HangAsync(context);
            return;
        }
        if (wish.Status != 200 && wish.Pieces == 0)
        {
            response.Headers["grpc-status"] = wish.Status.ToString(CultureInfo.InvariantCulture);
            response.Headers["grpc-message"] = "as asked";
            return;
        }
        await AnswerAsync(context, wish, complaints);
    }

    private static async Task AnswerAsync(HttpContext context, BodyWish wish, Complaints complaints)
    {
        var (from, to) = (context.Request.BodyReader, context.Response.BodyWriter);
        long received = 0;
        for (int answered = 0; received < wish.Upload || answered < wish.Pieces;)
        {
            if (received < wish.Upload)
            {
                if (await ReadMessageAsync(from, wish.UploadSeed + (ulong)received, (int)wish.Size) is { } problem)
                {
                    if (!context.RequestAborted.IsCancellationRequested) complaints.Say($"message {received} of {context.Request.Headers["x-request-id"]}: {problem}");
                    context.Abort();
                    return;
                }
                received++;
            }
            if (answered >= wish.Pieces) continue;
            WriteMessage(to, wish.Seed + (ulong)answered++, (int)wish.Size);
            if ((await to.FlushAsync(context.RequestAborted)).IsCompleted) return;
        }
        context.Response.AppendTrailer("grpc-status", wish.Status == 200 ? "0" : wish.Status.ToString(CultureInfo.InvariantCulture));
        context.Response.AppendTrailer("x-messages", received.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task HangAsync(HttpContext context)
    {
        var gone = new TaskCompletionSource();
        using var registered = context.RequestAborted.Register(gone.SetResult);
        await gone.Task;
    }

    private static void WriteMessage(PipeWriter to, ulong seed, int length)
    {
        var span = to.GetSpan(length + 5);
        span[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(span[1..], length);
        Pattern.Fill(seed, 0, span.Slice(5, length));
        to.Advance(length + 5);
    }

    /// <returns>Null, or what is wrong.</returns>
    private static async Task<string?> ReadMessageAsync(PipeReader from, ulong seed, int length)
    {
        var read = await from.ReadAtLeastAsync(length + 5);
        if (read.Buffer.Length < length + 5) return $"ended after {read.Buffer.Length} bytes of a message of {length}";
        byte[] bytes = read.Buffer.Slice(0, length + 5).ToArray();
        from.AdvanceTo(read.Buffer.GetPosition(length + 5));
        if (bytes[0] != 0 || BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(1)) != length) return $"prefix {Convert.ToHexStringLower(bytes.AsSpan(0, 5))}, expected length {length}";
        var check = new PatternCheck(seed, length);
        check.Take(bytes.AsSpan(5));
        return check.Problem;
    }
}
