using Google.Protobuf;

namespace Mesh.Protocol.Grpc;

/// <summary>Calls methods over a transport. Everything a call can fail with comes as <see cref="GrpcException"/>.</summary>
public static class GrpcClient
{
    /// <param name="timeout">For the whole call; afterwards it is cancelled and fails with DeadlineExceeded.</param>
    public static async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        IGrpcTransport transport,
        GrpcMethod<TRequest, TResponse> method,
        TRequest request,
        TimeSpan timeout,
        TimeProvider time,
        GrpcMetadata? metadata = null)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        await using var call = await OpenAsync(transport, method, metadata);
        using var enough = new CancellationTokenSource();
        var exchange = ExchangeAsync(call, request);
        if (await Task.WhenAny(exchange, Task.Delay(timeout, time, enough.Token)) != exchange)
        {
            _ = exchange.ContinueWith(static late => late.Exception, TaskScheduler.Default);
            throw new GrpcException(GrpcStatusCode.DeadlineExceeded, $"no answer to {method.Path} within {timeout.TotalSeconds:0.#} s");
        }
        enough.Cancel();
        return await exchange;
    }

    public static async Task<GrpcDuplexCall<TRequest, TResponse>> OpenAsync<TRequest, TResponse>(
        IGrpcTransport transport, GrpcMethod<TRequest, TResponse> method, GrpcMetadata? metadata = null, GrpcLimits? limits = null)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        try
        {
            var call = await transport.OpenAsync(method.Path, metadata ?? new GrpcMetadata());
            return new(call, method, limits ?? GrpcLimits.Default);
        }
        catch (IOException error)
        {
            throw new GrpcException(GrpcStatusCode.Unavailable, error.Message, error);
        }
    }

    private static async Task<TResponse> ExchangeAsync<TRequest, TResponse>(GrpcDuplexCall<TRequest, TResponse> call, TRequest request)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        try
        {
            await call.WriteAsync(request);
            await call.EndRequestsAsync();
        }
        catch (GrpcException error) when (error.Status.Code == GrpcStatusCode.Unavailable)
        {
            // The server may refuse before it has read everything: its status says why, and ReadAsync throws it.
            await call.ReadAsync();
            throw;
        }
        var response = await call.ReadAsync()
            ?? throw new GrpcException(GrpcStatusCode.Internal, "the call succeeded without an answer");
        if (await call.ReadAsync() is not null) throw new GrpcException(GrpcStatusCode.Internal, "the call has more than one answer");
        return response;
    }
}
