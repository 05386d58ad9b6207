using Google.Protobuf;

namespace Mesh.Protocol.Grpc;

/// <summary>Finds the handler of a call and turns how it ended into a status. Handlers are added before the first call; then thread-safe.</summary>
/// <param name="failed">Told of exceptions that handlers should not have thrown; the client only learns that there was one.</param>
public sealed class GrpcRouter(GrpcLimits limits, Action<string, Exception> failed)
{
    private readonly Dictionary<string, Func<GrpcServerCall, Task>> handlers = new(StringComparer.Ordinal);

    public void Unary<TRequest, TResponse>(GrpcMethod<TRequest, TResponse> method, Func<GrpcServerCall, TRequest, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        Duplex(method, async (call, requests, responses) =>
        {
            var request = await requests.ReadAsync()
                ?? throw new GrpcException(GrpcStatusCode.InvalidArgument, "the call carries no message");
            if (await requests.ReadAsync() is not null)
                throw new GrpcException(GrpcStatusCode.InvalidArgument, "the call carries more than one message");
            await responses.WriteAsync(await handler(call, request));
        });

    public void Duplex<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, Func<GrpcServerCall, GrpcReader<TRequest>, GrpcWriter<TResponse>, Task> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        handlers.Add(method.Path, call =>
            handler(call, new GrpcReader<TRequest>(call.Input, method.Requests, limits), new GrpcWriter<TResponse>(call.Output)));

    /// <summary>Runs the call to its end. Never throws.</summary>
    public async Task<GrpcStatus> HandleAsync(GrpcServerCall call)
    {
        if (!handlers.TryGetValue(call.Path, out var handler))
            return new GrpcStatus(GrpcStatusCode.Unimplemented, $"there is no method {call.Path}");
        try
        {
            await handler(call);
            return GrpcStatus.Ok;
        }
        catch (GrpcException error)
        {
            return error.Status;
        }
        catch (Exception error) when (error is IOException or OperationCanceledException || call.Ended.IsCancellationRequested)
        {
            return new GrpcStatus(GrpcStatusCode.Cancelled, "the call was broken off");
        }
        catch (Exception error)
        {
            failed(call.Path, error);
            return new GrpcStatus(GrpcStatusCode.Internal, "the controller failed to handle the call; its log says more");
        }
    }
}
