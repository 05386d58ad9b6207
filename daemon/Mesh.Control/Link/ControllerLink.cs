using Mesh.Control.Identity;
using Mesh.Protocol.Grpc;
using Mesh.Protocol.Identity;

namespace Mesh.Control.Link;

/// <summary>Something that runs over the connection to the controller for as long as that lives.</summary>
public interface ILinkUser
{
    /// <summary>Runs until the connection or the call breaks. Never returns otherwise.</summary>
    /// <exception cref="GrpcException">How it ended.</exception>
    Task RunAsync(IGrpcTransport controller, Action healthy);
}

/// <summary>Keeps one connection to the controller: joins first if need be, runs everything that uses it, and starts over with growing
/// waits when anything of it breaks. On the control loop.</summary>
public sealed class ControllerLink
{
    public static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(100);

    /// <summary>As Envoy and ztunnel: a controller that comes back finds its nodes within that time.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan renewalCheck = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan callTimeout = TimeSpan.FromSeconds(20);

    private readonly NodeIdentity identity;
    private readonly IControllerConnector connector;
    private readonly IReadOnlyList<ILinkUser> users;
    private readonly TimeProvider time;
    private readonly ControlLog log;
    private readonly Backoff backoff;
    private TaskCompletionSource<IGrpcTransport> connected = new();

    public ControllerLink(
        NodeIdentity identity, IControllerConnector connector, IReadOnlyList<ILinkUser> users, TimeProvider time, Random random, ControlLog log)
    {
        (this.identity, this.connector, this.users, this.time, this.log) = (identity, connector, users, time, log);
        backoff = new Backoff(FirstWait, LongestWait, random);
    }

    public bool IsConnected => connected.Task.IsCompletedSuccessfully;

    /// <summary>Why the last attempt or connection ended; null while connected or before the first.</summary>
    public string? Problem { get; private set; }

    /// <summary>Trust roots as the controller names them, each time it is reached and when they differ from those known.</summary>
    public event Action<IReadOnlyList<byte[]>>? RootsChanged;

    /// <summary>The connection, when there is one.</summary>
    public Task<IGrpcTransport> ConnectedAsync() => connected.Task;

    /// <summary>Runs until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(stop);
            }
            catch (Exception error) when (error is GrpcException or IOException or NodeNotJoinedException)
            {
                Report(error);
            }
            finally
            {
                if (connected.Task.IsCompleted) connected = new();
            }
            await WaitAsync(backoff.Next(), stop);
        }
    }

    private async Task RunOnceAsync(CancellationToken stop)
    {
        var certificate = await identity.GetAsync();
        if (stop.IsCancellationRequested) return;
        await using var channel = await connector.ConnectAsync(certificate, certificate.Roots);
        log.Information(3010, $"connected to the controller at {channel.Remote}");
        Problem = null;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await RefreshRootsAsync(channel);
        connected.TrySetResult(channel);
        var stopped = new TaskCompletionSource();
        using var registration = stop.Register(() => stopped.TrySetResult());
        List<Task> running = [stopped.Task, RenewAsync(channel, ended.Token)];
        running.AddRange(users.Select(user => user.RunAsync(channel, backoff.Reset)));
        try
        {
            await await Task.WhenAny(running);
        }
        finally
        {
            ended.Cancel();
            // The channel goes away with them running: how the others end says nothing new.
            foreach (var task in running) _ = task.ContinueWith(static late => late.Exception, TaskScheduler.Default);
        }
    }

    private async Task RefreshRootsAsync(IGrpcTransport controller)
    {
        var response = await GrpcClient.UnaryAsync(controller, GrpcMethods.TrustRoots, new TrustRootsRequest(), callTimeout, time);
        if (response.TrustRoots.Count == 0) throw new GrpcException(GrpcStatusCode.Internal, "the controller names no trust roots");
        List<byte[]> roots = [.. response.TrustRoots.Select(static der => der.ToByteArray())];
        await identity.TrustAsync(roots);
        RootsChanged?.Invoke(roots);
    }

    private async Task RenewAsync(IGrpcTransport controller, CancellationToken ended)
    {
        while (true)
        {
            if (identity.NeedsRenewal) await TryRenewAsync(controller);
            await Task.Delay(renewalCheck, time, ended);
        }
    }

    private async Task TryRenewAsync(IGrpcTransport controller)
    {
        try
        {
            await identity.RenewAsync(controller);
        }
        catch (GrpcException error)
        {
            log.Warning(3011, $"the node's certificate could not be renewed and stays in force until {identity.Current!.NotAfter:u}: {error.Message}");
        }
    }

    private void Report(Exception error)
    {
        if (Problem != error.Message) log.Warning(3012, $"no connection to the controller: {error.Message}");
        Problem = error.Message;
    }

    private async Task WaitAsync(TimeSpan wait, CancellationToken stop)
    {
        try
        {
            await Task.Delay(wait, time, stop);
        }
        catch (OperationCanceledException)
        {
            // stopping ends the loop above
        }
    }
}
