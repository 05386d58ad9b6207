using System.Text.Json.Nodes;
using Mesh.Resources;
using Mesh.Resources.Validation;
using Mesh.Store;

namespace Mesh.Tests.Unit.Store;

/// <summary>What both stores promise: run against memory and against SQLite.</summary>
public abstract class StoreTests : IDisposable
{
    private static readonly ChangeAuthor author = new("tester");
    private StoreHandle? opened;

    private StoreHandle Handle => opened ??= Open(new StoreLimits { HistoryEvents = 20, WatchBacklogEvents = 5, AuditRecords = 50 });

    private IResourceStore Store => Handle.Resources;

    protected abstract StoreHandle Open(StoreLimits limits);

    public virtual void Dispose()
    {
        opened?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Created_resource_gets_identity_and_version()
    {
        var made = await CreateAsync("a");

        Assert.Equal((1, 1, 1), (made.ResourceVersion, made.Generation, Store.Current.Version));
        Assert.True(Guid.TryParse(made.Uid, out _));
        Assert.Equal("2026-01-01T00:00:00Z", made.Metadata["creationTimestamp"]!.ToString());
        Assert.Same(made, Store.Current.Resources.Find(made.Key));
    }

    [Fact]
    public async Task Creating_twice_is_refused_and_changes_nothing()
    {
        await CreateAsync("a");
        var conflict = await Assert.ThrowsAsync<StoreConflictException>(() => CreateAsync("a"));

        Assert.Equal(ConflictReason.AlreadyExists, conflict.Reason);
        Assert.Equal(1, Store.Current.Version);
    }

    [Fact]
    public async Task Update_with_an_old_version_is_refused()
    {
        var first = await CreateAsync("a");
        var second = await UpdateAsync(Service("a", 81), first.ResourceVersion);
        var conflict = await Assert.ThrowsAsync<StoreConflictException>(() => UpdateAsync(Service("a", 82), first.ResourceVersion));

        Assert.Equal(ConflictReason.VersionMismatch, conflict.Reason);
        Assert.Equal((2, 2), (second!.Generation, second.ResourceVersion));
        Assert.Equal(first.Uid, second.Uid);
    }

    [Fact]
    public async Task Update_that_changes_nothing_makes_no_event()
    {
        await CreateAsync("a");
        Assert.Null(await UpdateAsync(Service("a", 80), null));
        Assert.Equal(1, Store.Current.Version);
    }

    [Fact]
    public async Task Batch_with_one_bad_change_changes_nothing()
    {
        await Assert.ThrowsAsync<StoreConflictException>(() =>
            Store.WriteAsync(author, _ => [Change.Create(Service("a", 80)), Change.Delete(Service("b", 80).Key)]));

        Assert.Equal(0, Store.Current.Version);
        Assert.Empty(Store.Current.Resources.All);
        Assert.Empty(Store.ReadAudit(null, 10));
    }

    [Fact]
    public async Task Preview_says_what_would_happen_and_does_not_do_it()
    {
        await CreateAsync("a");
        var preview = Assert.Single(Store.Preview(_ => [Change.Update(Service("a", 81))]));

        Assert.Equal((StoreEventType.Modified, 1L, 2L), (preview.Type, preview.Resource.ResourceVersion, preview.Resource.Generation));
        Assert.Equal(1, Store.Current.Version);
    }

    [Fact]
    public async Task Watch_sees_every_event_after_its_version_in_order()
    {
        await CreateAsync("a");
        await CreateAsync("b");
        using var ending = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await using var watch = Store.WatchAsync(1, ending.Token).GetAsyncEnumerator(ending.Token);
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(("b", StoreEventType.Added), (watch.Current.Resource.Name, watch.Current.Type));

        var next = watch.MoveNextAsync();
        await Store.WriteAsync(author, _ => [Change.Update(Service("a", 81)), Change.Delete(Service("b", 80).Key)]);
        Assert.True(await next);
        Assert.Equal((3L, StoreEventType.Modified), (watch.Current.Version, watch.Current.Type));
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal((4L, StoreEventType.Deleted, "4"), (watch.Current.Version, watch.Current.Type, watch.Current.Resource.Metadata["resourceVersion"]!.ToString()));
    }

    [Fact]
    public async Task Watch_from_before_the_history_is_told_to_list_again()
    {
        for (var i = 0; i < 25; i++)
            await CreateAsync($"a{i}");

        await Assert.ThrowsAsync<VersionExpiredException>(async () => await Store.WatchAsync(4).GetAsyncEnumerator().MoveNextAsync());
        await Assert.ThrowsAsync<VersionExpiredException>(async () => await Store.WatchAsync(26).GetAsyncEnumerator().MoveNextAsync());
        await using var watch = Store.WatchAsync(5).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(6, watch.Current.Version);
    }

    [Fact]
    public async Task Watch_that_falls_behind_is_ended_with_the_reason()
    {
        await using var watch = Store.WatchAsync(0).GetAsyncEnumerator();
        var first = watch.MoveNextAsync();
        for (var i = 0; i < 10; i++)
            await CreateAsync($"a{i}");

        Assert.True(await first);
        await Assert.ThrowsAsync<VersionExpiredException>(async () =>
        {
            while (await watch.MoveNextAsync())
            {
            }
        });
    }

    [Fact]
    public async Task Concurrent_read_modify_writes_lose_nothing()
    {
        await CreateAsync("a");
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => Store.WriteAsync(author, resources =>
        {
            var document = resources.Find(Service("a", 80).Key)!.Copy();
            var port = document["spec"]!["ports"]![0]!;
            port["port"] = port["port"]!.GetValue<int>() + 1;
            return [Change.Update(ResourceValidator.Validate(document).Resource!)];
        }))));

        Assert.Equal("130", Store.Current.Resources.Find(Service("a", 80).Key)!.Spec!["ports"]![0]!["port"]!.ToString());
    }

    [Fact]
    public async Task Audit_tells_who_changed_what_from_what_to_what()
    {
        await CreateAsync("a");
        await UpdateAsync(Service("a", 81), null);
        await Store.WriteAsync(new ChangeAuthor("robot", Audited: false), _ => [Change.Create(Service("b", 80))]);
        await Store.WriteAsync(author, _ => [Change.Delete(Service("a", 80).Key)]);

        var records = Store.ReadAudit(null, 10);
        Assert.Equal([(4L, ChangeKind.Delete), (2L, ChangeKind.Update), (1L, ChangeKind.Create)], records.Select(record => (record.Version, record.What)));
        Assert.All(records, record => Assert.Equal("tester", record.Who));
        Assert.Null(records[0].After);
        Assert.Equal("81", JsonNode.Parse(records[1].After!)!["spec"]!["ports"]![0]!["port"]!.ToString());
        Assert.Single(Store.ReadAudit(2, 10));
    }

    [Fact]
    public void Secrets_are_kept_listed_and_deleted()
    {
        Handle.Secrets.Put("x/1", [1]);
        Handle.Secrets.Put("x/1", [1, 2]);
        Handle.Secrets.Put("y/1", [3]);

        Assert.Equal([1, 2], Handle.Secrets.Get("x/1"));
        Assert.Equal(["x/1"], Handle.Secrets.Keys("x/"));
        Handle.Secrets.Delete("x/1");
        Assert.Null(Handle.Secrets.Get("x/1"));
    }

    protected static Resource Service(string name, int port) => ResourceValidator.Validate(new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Service",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject { ["ports"] = new JsonArray(new JsonObject { ["port"] = port }) },
    }).Resource!;

    protected async Task<Resource> CreateAsync(string name) => (await Store.WriteAsync(author, _ => [Change.Create(Service(name, 80))]))[0].Resource;

    private async Task<Resource?> UpdateAsync(Resource resource, long? version) =>
        (await Store.WriteAsync(author, _ => [Change.Update(resource, version)])).SingleOrDefault()?.Resource;
}
