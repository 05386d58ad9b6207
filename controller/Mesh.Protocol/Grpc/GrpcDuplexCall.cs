using Google.Protobuf;

namespace Mesh.Protocol.Grpc;

/// <summary>A call with messages in both directions, the client's side. One reader and one writer at a time; disposing cancels it.</summary>
public sealed class GrpcDuplexCall<TRequest, TResponse>(IGrpcCall call, GrpcMethod<TRequest, TResponse> method, GrpcLimits limits)
    : IAsyncDisposable
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private readonly GrpcReader<TResponse> reader = new(call.Input, method.Responses, limits);
    private readonly GrpcWriter<TRequest> writer = new(call.Output);

    /// <returns>Null when the server ended the call with OK.</returns>
    /// <exception cref="GrpcException">It ended otherwise.</exception>
    public async ValueTask<TResponse?> ReadAsync()
    {
        try
        {
            var message = await reader.ReadAsync();
            if (message is not null) return message;
            var status = await call.FinishAsync();
            return status.IsOk ? null : throw new GrpcException(status);
        }
        catch (IOException error)
        {
            throw new GrpcException(GrpcStatusCode.Unavailable, error.Message, error);
        }
    }

    /// <exception cref="GrpcException">Unavailable: the call has ended; reading tells how.</exception>
    public async ValueTask WriteAsync(TRequest message)
    {
        try
        {
            await writer.WriteAsync(message);
        }
        catch (IOException error)
        {
            throw new GrpcException(GrpcStatusCode.Unavailable, error.Message, error);
        }
    }

    /// <summary>No more requests follow.</summary>
    public async ValueTask EndRequestsAsync()
    {
        try
        {
            await call.Output.CompleteAsync();
        }
        catch (IOException error)
        {
            throw new GrpcException(GrpcStatusCode.Unavailable, error.Message, error);
        }
    }

    public ValueTask DisposeAsync() => call.DisposeAsync();
}
