using Mesh.Control;
using Mesh.Control.Identity;
using Mesh.Controller.Identity;
using Mesh.Io.Tls;
using Mesh.Kit.Connections;
using Mesh.Kit.Control;
using Mesh.Protocol.Grpc;
using Mesh.Proxy.Identity;

namespace Mesh.Tests.Unit.Control.Identity;

public sealed class IdentityManagerTests
{
    private static readonly SpiffeId web = new("mesh.test", "shop", "web");
    private static readonly TimeSpan tick = TimeSpan.FromMilliseconds(1);
    private readonly TestLoop loop = new();
    private readonly MemoryStateStore disk = new();
    private readonly List<ControlEvent> events = [];
    private readonly Signer signer;
    private readonly FixedRandom random = new();
    private IdentityManager manager;

    public IdentityManagerTests()
    {
        signer = new Signer(loop.Time);
        manager = NewManager();
    }

    [Fact]
    public void Requests_for_one_identity_share_one_certificate()
    {
        var contexts = loop.Run(() => Task.WhenAll(Enumerable.Range(0, 10).Select(_ => manager.GetAsync(web).AsTask())));

        Assert.Equal(1, signer.Asked);
        Assert.Single(contexts.Distinct());
        Assert.True(manager.GetAsync(web).IsCompletedSuccessfully);
    }

    [Fact]
    public void Certificate_is_renewed_about_half_of_its_life_and_not_before()
    {
        var first = Get();
        var due = first.Held.NotBefore + (first.Held.NotAfter - first.Held.NotBefore) * 0.45 - loop.Time.GetUtcNow();

        loop.Advance(due - tick);
        Assert.Equal(1, signer.Asked);
        loop.Advance(tick + tick);
        Assert.Equal(2, signer.Asked);
        Assert.NotSame(first, Get());
    }

    [Fact]
    public void Failed_renewal_keeps_the_certificate_until_its_very_end_and_then_fails_closed()
    {
        var first = Get();
        signer.Problem = "controller away";

        loop.Advance(first.NotAfter - loop.Time.GetUtcNow() - tick);
        Assert.Same(first, Get());
        loop.Advance(tick);
        var error = Assert.Throws<IdentityUnavailableException>(() => Get());
        Assert.Contains("controller away", error.Message);
    }

    [Fact]
    public void Attempts_wait_half_a_second_and_double_up_to_the_longest()
    {
        signer.Problem = "refused";
        loop.Post(_ => _ = manager.SetIdentitiesAsync([web]), null);
        loop.Advance(TimeSpan.FromMinutes(20));

        var waits = signer.Times.Zip(signer.Times.Skip(1), static (a, b) => b - a).ToList();
        Assert.Equal(IdentityManager.FirstRetry, waits[0]);
        Assert.Equal(2 * IdentityManager.FirstRetry, waits[1]);
        Assert.Equal(4 * IdentityManager.FirstRetry, waits[2]);
        Assert.Equal(IdentityManager.LongestRetry, waits[^1]);
    }

    [Fact]
    public void First_certificate_is_waited_for_while_the_controller_does_not_know_the_workload_yet()
    {
        signer.Problem = "not known here";
        var waiting = loop.Run(() => Task.FromResult(manager.GetAsync(web).AsTask()));
        loop.Advance(TimeSpan.FromSeconds(1));
        Assert.False(waiting.IsCompleted);

        signer.Problem = null;
        loop.Advance(TimeSpan.FromSeconds(2));
        Assert.True(waiting.IsCompletedSuccessfully);
    }

    [Fact]
    public void Wait_for_the_first_certificate_is_bounded_and_says_why()
    {
        signer.Problem = "not known here";
        long begin = loop.Time.GetTimestamp();

        var error = Assert.Throws<IdentityUnavailableException>(() => Get());

        Assert.Equal(IdentityManager.LongestWait, loop.Time.GetElapsedTime(begin));
        Assert.Contains("not known here", error.Message);
    }

    [Fact]
    public void Restart_uses_what_is_on_disk()
    {
        var before = Get();
        signer.Problem = "controller away";
        manager = NewManager();
        loop.Run(manager.LoadAsync);

        Assert.Equal(before.Held.Chain[0], Get().Held.Chain[0]);
    }

    [Fact]
    public void Expired_or_damaged_certificates_on_disk_are_not_used()
    {
        Get();
        loop.Run(() => manager.GetAsync(new SpiffeId("mesh.test", "shop", "cart")).AsTask());
        string damaged = disk.Values.Keys.First();
        disk.Values[damaged] = disk.Values[damaged][..100];
        signer.Problem = "controller away";
        loop.Advance(TimeSpan.FromHours(25));

        manager = NewManager();
        loop.Run(manager.LoadAsync);

        Assert.Empty(manager.Status);
        Assert.Contains(events, entry => entry.Id == 3026);
    }

    [Fact]
    public void Identity_that_is_no_longer_wanted_is_forgotten_with_its_key()
    {
        Get();
        loop.Run(() => manager.SetIdentitiesAsync([]));

        Assert.Empty(disk.Values);
        Assert.Empty(manager.Status);
        loop.Advance(TimeSpan.FromHours(48));
        Assert.Equal(1, signer.Asked);
    }

    [Fact]
    public void New_trust_roots_make_new_contexts_with_the_same_certificate()
    {
        var before = Get();
        using var next = CertificateAuthority.Create("mesh.test", new CertificateLifetimes(), loop.Time);
        byte[][] both = [before.Held.Roots[0], next.TrustRoots[0]];

        loop.Run(() => manager.TrustAsync(both));

        var after = Get();
        Assert.NotSame(before, after);
        Assert.Equal(before.Held.Chain[0], after.Held.Chain[0]);
        Assert.Equal(2, after.Held.Roots.Count);
        Assert.Equal(1, signer.Asked);
    }

    [Fact]
    public void Full_disk_costs_nothing_but_the_stored_copy()
    {
        disk.WriteProblem = "no space left on device";

        Assert.NotNull(Get());
        Assert.Contains(events, entry => entry.Id == 3023);
    }

    private FakeTlsContext Get() => (FakeTlsContext)loop.Run(() => manager.GetAsync(web).AsTask());

    private IdentityManager NewManager() =>
        new(loop, signer, static held => new FakeTlsContext(held), disk, loop.Time, random, events.Add);

    /// <summary>No jitter in waits, and renewal at 45 % of the life, the early end of its range.</summary>
    private sealed class FixedRandom : Random
    {
        public override double NextDouble() => 0;
    }

    private sealed class Signer(TimeProvider time) : ICertificateSigner
    {
        private readonly CertificateAuthority authority = CertificateAuthority.Create("mesh.test", new CertificateLifetimes(), time);
        private readonly long start = time.GetTimestamp();

        public string? Problem { get; set; }

        public List<TimeSpan> Times { get; } = [];

        public int Asked => Times.Count;

        public Task<HeldCertificate> SignAsync(SpiffeId identity)
        {
            Times.Add(time.GetElapsedTime(start));
            if (Problem is not null) throw new GrpcException(GrpcStatusCode.PermissionDenied, Problem);
            var key = InlineKeyFactory.Create();
            var issued = authority.IssueWorkload(identity, key.Request);
            return Task.FromResult(HeldCertificate.Create(identity.ToString(), key.Pkcs8, issued.Chain, authority.TrustRoots));
        }
    }
}
