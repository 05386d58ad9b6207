using System.Collections.Concurrent;
using System.Security.Cryptography;
using Mesh.Control.Link;
using Mesh.Control.State;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Protocol.Grpc;
using Mesh.Proxy.Identity;

namespace Mesh.Control.Identity;

/// <summary>Certificates of the workloads on this machine: requested when first needed, renewed at half of their life, kept while they are
/// valid whatever happens, never used after. One loop of attempts per identity; requests for the same one share it. Works on the
/// control loop; <see cref="GetAsync"/> is thread-safe and, with a certificate in force, a look into a table.</summary>
public sealed class IdentityManager : IIdentitySource
{
    public static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);

    /// <summary>As ztunnel: with certificates of a day and renewal at half, hundreds of attempts fit before the old one ends.</summary>
    public static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(150);

    /// <summary>How long a connection waits for its first certificate: a workload may be enrolled before the controller has heard of it.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<SpiffeId, IdentityState> identities = new();
    private readonly Loop loop;
    private readonly ICertificateSigner signer;
    private readonly TlsContextFactory contexts;
    private readonly IdentityStore store;
    private readonly TimeProvider time;
    private readonly Random random;
    private readonly ControlLog log;

    public IdentityManager(
        Loop loop, ICertificateSigner signer, TlsContextFactory contexts, IStateStore store, TimeProvider time, Random random, ControlLog log)
    {
        (this.loop, this.signer, this.contexts, this.time, this.random, this.log) = (loop, signer, contexts, time, random, log);
        this.store = new IdentityStore(store, log);
    }

    /// <summary>Thread-safe.</summary>
    public IReadOnlyList<IdentityStatus> Status =>
        [.. identities.Values.Select(static state => new IdentityStatus(state.Id, state.Held?.NotAfter, state.Problem))];

    /// <summary>Brings back what is on disk. On the control loop, before anything else.</summary>
    public async Task LoadAsync()
    {
        foreach (var (id, held) in await store.LoadAsync())
        {
            if (!held.IsValid(time.GetUtcNow()))
            {
                await store.DeleteAsync(id);
                continue;
            }
            var state = Entry(id);
            if (TryAdopt(state, held)) _ = KeepAsync(state);
            else identities.TryRemove(id, out _);
        }
    }

    /// <summary>The identities that this machine's workloads have now: missing ones are requested at once, others are forgotten with their
    /// keys. On the control loop.</summary>
    public async Task SetIdentitiesAsync(IReadOnlyCollection<SpiffeId> wanted)
    {
        foreach (var id in wanted) Want(id);
        foreach (var id in identities.Keys.Except(wanted).ToList())
        {
            if (!identities.TryRemove(id, out var state)) continue;
            state.Forgotten.Cancel();
            await store.DeleteAsync(id);
        }
    }

    /// <summary>From now on every identity trusts these. On the control loop.</summary>
    public async Task TrustAsync(IReadOnlyList<byte[]> roots)
    {
        foreach (var state in identities.Values)
        {
            if (state.Held is not { } held || NodeIdentity.SameRoots(roots, held.Roots)) continue;
            var trusting = held with { Roots = roots };
            if (TryAdopt(state, trusting)) await store.SaveAsync(trusting);
        }
    }

    public ValueTask<TlsContext> GetAsync(SpiffeId identity) =>
        identities.TryGetValue(identity, out var state) && state.Usable(time.GetUtcNow()) is { } context
            ? new(context)
            : new(WaitAsync(identity));

    private async Task<TlsContext> WaitAsync(SpiffeId identity)
    {
        IdentityState? state = null;
        await loop.RunAsync(() => ReadyAsync(state = Want(identity)));
        if (state!.Usable(time.GetUtcNow()) is { } context) return context;
        string reason = state.Held is null ? "no certificate for" : "there is only an expired certificate for";
        throw new IdentityUnavailableException($"{reason} {identity}: {state.Problem ?? "the controller has not answered yet"}");
    }

    private async Task ReadyAsync(IdentityState state)
    {
        if (state.Usable(time.GetUtcNow()) is not null) return;
        using var enough = new CancellationTokenSource();
        await Task.WhenAny(state.Ready, Task.Delay(LongestWait, time, enough.Token));
        enough.Cancel();
    }

    private IdentityState Want(SpiffeId id)
    {
        if (identities.TryGetValue(id, out var known)) return known;
        var state = Entry(id);
        _ = KeepAsync(state);
        return state;
    }

    private IdentityState Entry(SpiffeId id) => identities.GetOrAdd(id, _ => new IdentityState(id, new Backoff(FirstRetry, LongestRetry, random)));

    /// <summary>The life of one identity: wait until it is time, try, again.</summary>
    private async Task KeepAsync(IdentityState state)
    {
        var forgotten = state.Forgotten.Token;
        try
        {
            while (!forgotten.IsCancellationRequested)
            {
                var left = state.RenewAt - time.GetUtcNow();
                if (state.Held is not null && left > TimeSpan.Zero) await Task.Delay(left, time, forgotten);
                else if (!await TryRenewAsync(state)) await Task.Delay(state.Backoff.Next(), time, forgotten);
            }
        }
        catch (OperationCanceledException)
        {
            // the workload is gone
        }
    }

    private async Task<bool> TryRenewAsync(IdentityState state)
    {
        try
        {
            var held = await signer.SignAsync(state.Id);
            if (state.Forgotten.IsCancellationRequested) return false;
            if (!TryAdopt(state, held)) return false;
            await store.SaveAsync(held);
            log.Information(3020, $"certificate for {state.Id} valid until {held.NotAfter:u}");
            return true;
        }
        catch (GrpcException error)
        {
            string consequence = state.Held is { } held && held.IsValid(time.GetUtcNow())
                ? $"the one in force is valid until {held.NotAfter:u}"
                : "its connections fail until then";
            if (state.Problem != error.Message) log.Warning(3021, $"no certificate for {state.Id}, trying again; {consequence}: {error.Message}");
            state.Problem = error.Message;
            return false;
        }
    }

    private bool TryAdopt(IdentityState state, HeldCertificate held)
    {
        try
        {
            state.Adopt(held, contexts(held), held.RenewAt(random));
            return true;
        }
        catch (CryptographicException error)
        {
            state.Problem = error.Message;
            log.Error(3022, $"the certificate of {state.Id} cannot be used: {error.Message}");
            return false;
        }
    }
}
