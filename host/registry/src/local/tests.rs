use std::fs;

use bakehouse_core::progress::Silent;
use tokio::net::TcpSocket;

use super::*;

async fn open(folder: &Path, port: u16) -> Result<LocalRegistry, LocalRegistryError> {
    LocalRegistry::open(folder, port, Arc::new(Silent)).await
}

async fn serves(at: SocketAddr) -> bool {
    let answer = reqwest::get(format!("http://{at}/v2/")).await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

#[tokio::test]
async fn a_second_process_takes_over_at_the_same_address() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..20 {
        let first = open(folder.path(), 0).await.unwrap();
        let (second, third) = tokio::join!(open(folder.path(), 0), open(folder.path(), 0));
        let (second, third) = (second.unwrap(), third.unwrap());
        let at = first.address();
        assert!(first.is_owner() && !second.is_owner() && !third.is_owner());
        assert_eq!([second.address(), third.address()], [at, at]);
        drop(first);
        let begun = std::time::Instant::now();
        while !serves(at).await {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "nobody took over"
            );
        }
        // A new one comes in to the same place, whoever serves it.
        let fourth = open(folder.path(), 0).await.unwrap();
        assert_eq!(fourth.address(), at);
        drop((second, third));
        while !serves(at).await {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "nobody took over"
            );
        }
    }
}

#[tokio::test]
async fn an_address_that_is_left_over_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let stranger = open(other.path(), 0).await.unwrap();
    // Somebody else's server at the address of a process that died.
    let text = format!("{}\nanother-name\n", stranger.address());
    fs::write(folder.path().join("address"), text).unwrap();
    let lease = Lease::take(folder.path()).unwrap().unwrap();
    let second = tokio::spawn({
        let folder = folder.path().to_owned();
        async move { open(&folder, 0).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!second.is_finished(), "it trusts a stranger");
    drop(lease);
    let second = second.await.unwrap().unwrap();
    assert_ne!(second.address(), stranger.address());
    assert!(second.is_owner());
}

#[tokio::test]
async fn an_asked_for_port_is_served_beside_the_last_one() {
    let folder = tempfile::tempdir().unwrap();
    let last = open(folder.path(), 0).await.unwrap().address();
    // Bound, and not listening: nobody else is given the port meanwhile.
    let held = TcpSocket::new_v4().unwrap();
    held.set_reuseaddr(true).unwrap();
    held.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let port = held.local_addr().unwrap().port();
    let registry = open(folder.path(), port).await.unwrap();
    assert_eq!(registry.address().port(), port);
    assert!(serves(registry.address()).await && serves(last).await);
}

#[tokio::test]
async fn a_list_that_is_damaged_is_not_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path(), 0).await.unwrap());
    let list = folder.path().join(ferro_oci_server::METADATA_FILE_NAME);
    for garbage in ["", "{garbage", "[]"] {
        fs::write(&list, garbage).unwrap();
        let failure = open(folder.path(), 0).await.unwrap_err();
        let damaged = matches!(failure, LocalRegistryError::Damaged { .. });
        assert!(damaged, "{failure}");
        assert!(failure.to_string().contains("metadata.json"), "{failure}");
        assert_eq!(fs::read_to_string(&list).unwrap(), garbage, "it is kept");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let failure = open(&file, 0).await.unwrap_err();
    let refused = matches!(failure, LocalRegistryError::Storage(_));
    assert!(refused, "{failure}");
}
