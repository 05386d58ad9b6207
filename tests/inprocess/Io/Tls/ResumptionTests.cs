using System.Text;
using Mesh.Io;
using Mesh.Io.Tls;
using Mesh.Kit.Certificates;
using Mesh.Kit.Connections;

namespace Mesh.Tests.InProcess.Io.Tls;

/// <summary>A short second handshake, only between the two identities and certificates that made the first.</summary>
public sealed class ResumptionTests : IDisposable
{
    private static readonly string[] Alpn = ["h2"];

    private readonly VirtualTime time = new();
    private readonly TestLoop loop;
    private readonly TestAuthority authority = new();
    private readonly TlsResumption memory = new();
    private OpenSslContext client;
    private OpenSslContext server;

    public ResumptionTests()
    {
        loop = new TestLoop("test", 0, time);
        client = authority.Context(TlsPair.ClientUri);
        server = authority.Context(TlsPair.ServerUri);
    }

    public void Dispose()
    {
        memory.Dispose();
        authority.Dispose();
    }

    [Fact]
    public void Second_handshake_of_the_same_pair_resumes_and_both_still_know_who_the_other_is()
    {
        Assert.False(Exchange());
        Assert.True(Exchange());
    }

    [Fact]
    public void Ticket_may_be_used_many_times()
    {
        Exchange();
        for (int i = 0; i < 5; i++) Assert.True(Exchange());
    }

    [Fact]
    public void Client_that_keeps_no_memory_makes_full_handshakes()
    {
        Assert.False(Exchange(withMemory: false));
        Assert.False(Exchange(withMemory: false));
    }

    [Fact]
    public void Another_identity_of_ours_does_not_use_the_ticket()
    {
        Exchange();
        client = authority.Context("spiffe://cluster.local/ns/shop/sa/other");
        Assert.False(Exchange(clientUri: "spiffe://cluster.local/ns/shop/sa/other"));
    }

    [Fact]
    public void Another_server_does_not_take_the_ticket()
    {
        Exchange();
        server = authority.Context("spiffe://cluster.local/ns/shop/sa/imposter");
        Assert.False(Exchange(serverUri: "spiffe://cluster.local/ns/shop/sa/imposter"));
    }

    [Fact]
    public void Renewed_certificate_of_the_client_starts_anew()
    {
        Exchange();
        client = authority.Context(TlsPair.ClientUri);
        Assert.False(Exchange());
        Assert.True(Exchange());
    }

    [Fact]
    public void Renewed_certificate_of_the_server_starts_anew()
    {
        Exchange();
        server = authority.Context(TlsPair.ServerUri);
        Assert.False(Exchange());
        Assert.True(Exchange());
    }

    [Fact]
    public void Root_that_the_server_trusts_no_more_ends_its_clients_sessions()
    {
        Exchange();
        using var other = new TestAuthority("another");
        var leaf = authority.Issue(TlsPair.ServerUri);
        server = OpenSslContext.Create([leaf.Der], leaf.Pkcs8, [other.RootDer]);
        Assert.ThrowsAny<ConnectionBrokenException>(() => Exchange());
    }

    [Fact]
    public void Root_that_the_client_trusts_no_more_ends_its_sessions()
    {
        Exchange();
        using var other = new TestAuthority("another");
        var leaf = authority.Issue(TlsPair.ClientUri);
        client = OpenSslContext.Create([leaf.Der], leaf.Pkcs8, [other.RootDer]);
        Assert.ThrowsAny<ConnectionBrokenException>(() => Exchange());
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    public void Expired_certificate_of_the_client_is_refused_with_a_ticket_too(int secondsAfter, bool accepted)
    {
        var end = time.GetUtcNow().AddMinutes(10);
        client = authority.Context(authority.Issue(uris: [TlsPair.ClientUri], notAfter: end));
        Exchange();
        Assert.True(Exchange());
        time.Advance(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(secondsAfter));
        if (accepted) Assert.True(Exchange());
        else Assert.Contains("expired", Assert.ThrowsAny<ConnectionBrokenException>(() => Exchange()).Message);
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    public void Expired_certificate_of_the_server_is_refused_with_a_ticket_too(int secondsAfter, bool accepted)
    {
        var end = time.GetUtcNow().AddMinutes(10);
        server = authority.Context(authority.Issue(uris: [TlsPair.ServerUri], notAfter: end));
        Exchange();
        time.Advance(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(secondsAfter));
        if (accepted) Assert.True(Exchange());
        else Assert.Contains("expired", Assert.ThrowsAny<ConnectionBrokenException>(() => Exchange()).Message);
    }

    [Fact]
    public void Resumed_client_certificate_is_judged_by_the_server_even_if_the_client_does_not_look()
    {
        // The server's own end of the ticket: its clock passes the client's certificate while the client still offers it.
        var end = time.GetUtcNow().AddMinutes(10);
        client = authority.Context(authority.Issue(uris: [TlsPair.ClientUri], notAfter: end));
        Exchange();
        time.Advance(TimeSpan.FromMinutes(11));
        // The server's chain is good for years, so the client's memory does offer the ticket.
        Assert.True(memory.HasTicket);
        Assert.Contains("expired", Assert.ThrowsAny<ConnectionBrokenException>(() => Exchange()).Message);
    }

    [Fact]
    public void Intermediate_that_ends_first_ends_the_session()
    {
        using var root = new TestAuthority("root");
        using var intermediate = root.Intermediate(until: time.GetUtcNow().AddMinutes(10));
        client = intermediate.Context(TlsPair.ClientUri);
        server = root.Context(TlsPair.ServerUri);
        // The client of this pair trusts the root that is the server's issuer.
        Exchange();
        Assert.True(Exchange());
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Contains("expired", Assert.ThrowsAny<ConnectionBrokenException>(() => Exchange()).Message);
    }

    [Fact]
    public void Reset_behind_a_session_is_told_while_nobody_reads() => loop.Run(async () =>
    {
        var (near, far) = MemoryConnection.Pair(loop);
        var accepting = server.AcceptAsync(far, Alpn, TlsPair.Timeout);
        await using var one = await client.ConnectAsync(near, Alpn, TlsPair.Timeout);
        await using var other = await accepting;
        int told = 0;
        other.OnBroken = () => told++;
        await one.SendAsync("unread");
        Assert.Equal(0, told);
        one.Abort();
        for (int turns = 0; turns < 100 && told == 0; turns++) await Task.Yield();
        Assert.Equal(1, told);
    });

    /// <summary>A handshake and a message each way. Whether both sides say that it was resumed; they never disagree.</summary>
    private bool Exchange(bool withMemory = true, string clientUri = TlsPair.ClientUri, string serverUri = TlsPair.ServerUri) => loop.Run(async () =>
    {
        var (near, far) = MemoryConnection.Pair(loop);
        var accepting = AcceptAsync(far);
        var connecting = client.ConnectAsync(near, Alpn, TlsPair.Timeout, withMemory ? memory : null);
        await using var atServer = await accepting;
        await using var atClient = await connecting;
        atServer.OfferResumption();
        await atServer.SendAsync("hello");
        Assert.Equal("hello", await atClient.ReceiveAsync(5));
        await atClient.SendAsync("hello");
        Assert.Equal("hello", await atServer.ReceiveAsync(5));
        Assert.Equal((clientUri, serverUri), (atServer.PeerUri, atClient.PeerUri));
        Assert.Equal(atServer.IsResumed, atClient.IsResumed);
        return atClient.IsResumed;
    });

    private async Task<SecureConnection> AcceptAsync(Connection transport) => await server.AcceptAsync(transport, Alpn, TlsPair.Timeout);
}
