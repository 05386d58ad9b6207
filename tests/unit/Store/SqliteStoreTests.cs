using Mesh.Store;

namespace Mesh.Tests.Unit.Store;

public sealed class SqliteStoreTests : StoreTests
{
    private readonly string directory = Directory.CreateTempSubdirectory("mesh-store-").FullName;

    private string File => Path.Combine(directory, "mesh.db");

    protected override StoreHandle Open(StoreLimits limits) => StoreHandle.OpenSqlite(File, new FixedTime(), new Random(1), limits);

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(directory, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Reopened_store_has_everything_and_goes_on_counting()
    {
        string? uid;
        using (var first = Open(new StoreLimits()))
        {
            uid = (await first.Resources.WriteAsync(new ChangeAuthor("t"), _ => [Change.Create(Service("a", 80)), Change.Create(Service("b", 80))]))[0].Resource.Uid;
            first.Secrets.Put("k", [7]);
        }

        using var second = Open(new StoreLimits());
        Assert.Equal(2, second.Resources.Current.Version);
        Assert.Equal(uid, second.Resources.Current.Resources.Find(Service("a", 80).Key)!.Uid);
        Assert.Equal([7], second.Secrets.Get("k"));
        Assert.Equal(2, second.Resources.ReadAudit(null, 10).Count);
        Assert.Equal(3, (await second.Resources.WriteAsync(new ChangeAuthor("t"), _ => [Change.Create(Service("c", 80))]))[0].Version);
    }

    [Fact]
    public void Database_is_readable_by_its_owner_only()
    {
        using var store = Open(new StoreLimits());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [Fact]
    public void Second_process_is_refused_with_the_reason()
    {
        using var store = Open(new StoreLimits());
        Assert.Contains("in use by another process", Assert.Throws<StoreUnusableException>(() => Open(new StoreLimits())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_that_is_no_database_is_refused_and_left_alone()
    {
        System.IO.File.WriteAllText(File, "not a database at all, but long enough to be looked at");
        Assert.Throws<StoreUnusableException>(() => Open(new StoreLimits()));
        Assert.StartsWith("not a database", System.IO.File.ReadAllText(File), StringComparison.Ordinal);
    }
}
